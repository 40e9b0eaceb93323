"""A stand-in for oauth2-proxy, the nginx of the compose file before it, and a client of both."""

import contextlib
import http.client
import http.server
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.service import free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SIGNED_IN = {"Cookie": "_oauth2_proxy=ada"}
FORGED = [
    *("X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Preferred-Username"),
    *("X-Auth-Request-Groups", "X-Auth-Request-Access-Token", "X-Auth-Request-Redirect"),
    *("X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups", "X-Forwarded-Access-Token"),
    *("X-Forwarded-Preferred-Username", "X-Forwarded-For", "X-Forwarded-Host", "Forwarded"),
    *("Remote-User", "Remote-Email", "X-Remote-User", "X_Auth_Request_User", "X_Forwarded_User"),
    *("Authorization", "X-Userinfo", "X-Jwt-Payload", "X-Authentik-Jwt", "X-Vouch-User"),
    *("X-Goog-Iap-Jwt-Assertion", "Cf-Access-Jwt-Assertion", "X-Amzn-Oidc-Data", "X-Oidc-Sub"),
    *("Tailscale-User-Login", "X-Ms-Client-Principal", "X-Auth-Subject", "X-Original-Url"),
]


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Login(Quiet):
    """oauth2-proxy, as far as nginx knows it: https://oauth2-proxy.github.io, "nginx"."""

    def do_GET(self) -> None:
        if self.path != "/oauth2/auth":
            self.answer(200, {}, b"login " + self.path.encode())
        elif "_oauth2_proxy=unreadable" in self.headers.get("Cookie", ""):
            self.answer(503, {"X-Auth-Request-User": "nobody"})
        elif "_oauth2_proxy=ada" in self.headers.get("Cookie", ""):
            identity = {"X-Auth-Request-User": "u-17", "X-Auth-Request-Email": "ada@acme.example"}
            self.answer(202, identity)
        else:
            self.answer(401, {"X-Auth-Request-User": "nobody"})


@contextlib.contextmanager
def running(handler: type[Quiet]) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def nginx_in_front_of(service_port: int, folder: Path) -> Iterator[int]:
    """The real configuration before stand-ins for the logins: the port it listens at."""
    port = free_port()
    with (
        running(Login) as login_port,
        running(Login) as dex_port,
        nginx_before(service_port, login_port, dex_port, port, folder),
    ):
        yield port


@contextlib.contextmanager
def nginx_before(
    service_port: int, login_port: int, dex_port: int, port: int, folder: Path
) -> Iterator[None]:
    """The real configuration with addresses of this machine."""
    addresses = {
        "/tmp/": f"{folder}/",  # noqa: S108 - the container's
        "server service:8000;": f"server 127.0.0.1:{service_port};",
        "server oauth2-proxy:4180;": f"server 127.0.0.1:{login_port};",
        "server dex:5556;": f"server 127.0.0.1:{dex_port};",
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "/dev/stdout": f"{folder}/access.log",
    }
    text = (folder / "nginx.conf").read_text()
    for shipped, here in addresses.items():
        assert shipped in text
        text = text.replace(shipped, here)
    (folder / "nginx.conf").write_text(text)
    # The workers of root's nginx would be another user's, who may not read pytest's folders.
    command = [str(NGINX), "-p", str(folder), "-c", f"{folder}/nginx.conf", "-g", "user root;"]

    test = [*command, "-e", "stderr", "-t"]
    subprocess.run(test, check=True)  # noqa: S603 - Debian's nginx
    command[-1] += "daemon off;"
    server = subprocess.Popen([*command, "-e", "stderr"])  # noqa: S603 - the same
    try:
        wait_for(port)
        yield
    finally:
        server.terminate()
        server.wait(10)


def wait_for(port: int, seconds: float = 5, server: subprocess.Popen[bytes] | None = None) -> None:
    for _ in range(round(seconds / 0.05)):
        if server is not None and server.poll() is not None:
            pytest.fail(f"it has ended with {server.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"nothing listens on port {port}")


def ask(
    port: int, path: str, headers: dict[str, str] | None = None, method: str = "GET"
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body
