"""config/healthcheck.py, started as Docker starts it, against small real servers."""

import http.server
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "config/healthcheck.py"


class Probed(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        alive = self.path == "/livez" and not getattr(self.server, "ill", False)
        self.send_response(200 if alive else 503)
        self.end_headers()

    def address_string(self) -> str:
        return "unix"  # a socket in the file system has no client address to log

    def log_message(self, *_: object) -> None: ...


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def serving(server: socketserver.BaseServer) -> Iterator[socketserver.BaseServer]:
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def server() -> Iterator[socketserver.BaseServer]:
    yield from serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Probed))


@pytest.fixture
def unix_server(tmp_path: Path) -> Iterator[socketserver.BaseServer]:
    yield from serving(UnixServer(str(tmp_path / "sock"), Probed))


def healthcheck(bind: str) -> int:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, SCRIPT], env={"SSO_BIND": bind}, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost", ""])
def test_a_living_service_is_found_where_it_listens(
    server: socketserver.TCPServer, host: str
) -> None:
    assert healthcheck(f"{host}:{server.server_address[1]}") == 0


def test_a_service_on_a_unix_socket_is_found(
    unix_server: socketserver.UnixStreamServer,
) -> None:
    assert healthcheck(f"unix:{unix_server.server_address!s}") == 0


def test_a_service_that_answers_anything_but_200_is_not_alive(
    server: socketserver.TCPServer,
) -> None:
    server.ill = True  # type: ignore[attr-defined] # its handler looks there

    assert healthcheck(f"127.0.0.1:{server.server_address[1]}") == 1


def test_without_a_listener_it_is_not_alive(server: socketserver.TCPServer, tmp_path: Path) -> None:
    port = server.server_address[1]
    server.shutdown()
    server.server_close()

    assert healthcheck(f"127.0.0.1:{port}") == 1
    assert healthcheck(f"unix:{tmp_path}/absent") == 1
