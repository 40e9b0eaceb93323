"""The nginx of the compose profile `login`: the real nginx and its real configuration.

Only the addresses are others. The login is a small server; behind it is another one, which says
what of a request has reached it, and then the real service with the settings of the compose file.
"""

import contextlib
import html
import http.client
import http.server
import json
import re
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.system.service import free_port, serving

PROJECT = Path(__file__).parents[2]
CONFIGURATION = PROJECT / "config/compose/nginx"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SIGNED_IN = {"Cookie": "_oauth2_proxy=ada"}
LONG_LOCATION = "https://marketplace.example/?token=" + "t" * (8000 - 35)
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

pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: nginx-light)"),
    pytest.mark.timeout(60),
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


class Service(Quiet):
    def do_GET(self) -> None:
        seen = {"line": self.requestline, "headers": list(self.headers.items())}
        status = 307 if "X-Auth-Request-User" in self.headers else 401
        self.answer(status, {"Location": LONG_LOCATION}, json.dumps(seen).encode())


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
    """The real configuration with addresses of this machine: the port it listens at."""
    with running(Login) as login_port, running(Login) as dex_port:
        port = free_port()
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
            yield port
        finally:
            server.terminate()
            server.wait(10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(CONFIGURATION, tmp_path_factory.mktemp("nginx") / "conf")


@pytest.fixture(scope="module")
def nginx(folder: Path) -> Iterator[int]:
    with running(Service) as service_port, nginx_in_front_of(service_port, folder) as port:
        yield port


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx before the real service, which has the settings and the secret of the compose file."""
    folder = tmp_path_factory.mktemp("whole")
    conf = shutil.copytree(CONFIGURATION, folder / "conf")
    (folder / "secrets").mkdir()
    (folder / "secrets/PANDIUM_SHARED_SECRET").write_text(secrets.token_hex(32))
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    environment = {
        name: re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value)
        for name, value in compose["services"]["service"]["environment"].items()
    }
    environment["SECRETS_DIR"] = str(folder / "secrets")
    environment["AUTH_OAUTH2_PROXY_NGINX_TRUSTED_PROXIES"] = "127.0.0.1/32"
    with (
        serving(environment, folder / "service") as service,
        nginx_in_front_of(int(service.bind.rpartition(":")[2]), conf) as port,
    ):
        yield port


def wait_for(port: int) -> None:
    for _ in range(100):
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


def seen_by_the_service(
    port: int, path: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    _, body = ask(port, path, headers)
    seen: dict[str, Any] = json.loads(body)
    return seen


def test_a_signed_in_user_reaches_the_service_with_the_identity_of_the_login(nginx: int) -> None:
    seen = seen_by_the_service(nginx, "/pandium-sso?integration_id=7&display=%2e", SIGNED_IN)

    headers = dict(seen["headers"])
    assert seen["line"] == "GET /pandium-sso?integration_id=7&display=%2e HTTP/1.1"
    assert headers["X-Auth-Request-User"] == "u-17"
    assert headers["X-Auth-Request-Email"] == "ada@acme.example"


@pytest.mark.requirement("R21", "R23")
def test_no_identity_header_of_the_visitor_reaches_the_service(nginx: int) -> None:
    forged = dict.fromkeys(FORGED, "mallory")

    signed_in = seen_by_the_service(nginx, "/pandium-sso", {**SIGNED_IN, **forged})
    signed_out = seen_by_the_service(nginx, "/pandium-sso", forged)

    assert "mallory" not in json.dumps([signed_in, signed_out])
    assert not {name for name, _ in signed_out["headers"] if "auth" in name.lower()}


def test_without_a_session_the_service_answers_and_is_told_who_asks(nginx: int) -> None:
    frame = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Accept": "text/html"}

    response, body = ask(nginx, "/pandium-sso", frame)

    assert response.status == 401
    assert frame.items() <= dict(json.loads(body)["headers"]).items()


def test_where_the_login_cannot_decide_the_service_is_not_asked(nginx: int) -> None:
    response, body = ask(nginx, "/pandium-sso", {"Cookie": "_oauth2_proxy=unreadable"})

    assert response.status == 500
    assert b"X-Auth-Request" not in body


def test_the_access_log_has_neither_query_nor_referer(nginx: int, folder: Path) -> None:
    ask(nginx, "/oauth2/callback?code=one-time-code", {"Referer": "http://localhost/?a=secret"})
    ask(nginx, "/pandium-sso?integration_settings=private", SIGNED_IN)

    log = (folder / "access.log").read_text()
    assert '"GET /oauth2/callback" 200' in log
    assert '"GET /pandium-sso" 307' in log
    assert not re.search("one-time-code|secret|private", log)


def test_a_redirect_with_a_long_token_passes_whole(nginx: int) -> None:
    response, _ = ask(nginx, "/pandium-sso", SIGNED_IN)

    assert response.status == 307
    assert response.headers["Location"] == LONG_LOCATION
    assert len(LONG_LOCATION) == 8000


def test_the_session_cookie_of_the_login_stays_with_the_login(nginx: int) -> None:
    seen = seen_by_the_service(nginx, "/apifuse-sso/listing/12", SIGNED_IN)

    assert "cookie" not in {name.lower() for name, _ in seen["headers"]}


@pytest.mark.parametrize(
    "path",
    ["/livez", "/readyz", "/healthz", "/version", "/metrics", "/pandium-ssox", "/x/pandium-sso"],
)
def test_only_the_prefixes_of_the_service_are_passed(nginx: int, path: str) -> None:
    response, _ = ask(nginx, path, SIGNED_IN)

    assert response.status == 404


def test_the_question_to_the_login_cannot_be_asked_from_outside(nginx: int) -> None:
    response, _ = ask(nginx, "/oauth2/auth", SIGNED_IN)

    assert response.status == 404


def test_the_pages_of_the_login_are_passed(nginx: int) -> None:
    assert ask(nginx, "/oauth2/start?rd=/pandium-sso")[1] == b"login /oauth2/start?rd=/pandium-sso"
    assert ask(nginx, "/dex/auth")[1] == b"login /dex/auth"


def test_the_whole_line_signs_on_a_user_of_the_login(whole: int) -> None:
    response, body = ask(whole, "/pandium-sso", SIGNED_IN)

    assert response.status == 307
    assert response.headers["Location"].startswith("https://imp.sandbox.pandium.com/acme?tenant=")
    assert body == b""


@pytest.mark.parametrize(
    ("destination", "status"), [("document", 302), ("iframe", 401)], ids=["page", "frame"]
)
def test_the_whole_line_sends_a_page_to_the_login_and_not_a_frame(
    whole: int, destination: str, status: int
) -> None:
    forged = dict.fromkeys(FORGED, "mallory")
    browser = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": destination, "Accept": "text/html"}

    response, body = ask(whole, "/pandium-sso", {**forged, **browser})

    login = "http://localhost:8080/oauth2/start?rd=http%3A%2F%2Flocalhost%3A8080%2Fpandium-sso"
    assert response.status == status
    assert response.headers["Location"] == (login if status == 302 else None)
    assert (login in html.unescape(body.decode())) == (status == 401)


def test_every_upstream_is_a_service_of_the_compose_file() -> None:
    compose = (PROJECT / "docker-compose.yml").read_text()
    upstreams = re.findall(r"server ([a-z0-9-]+):\d+;", (CONFIGURATION / "nginx.conf").read_text())

    assert sorted(upstreams) == ["dex", "oauth2-proxy", "service"]
    assert all(f"\n  {name}:\n" in compose for name in upstreams)
