"""Sites on origins of their own: the names under `localhost` all lead here.

A page is what a test says it is; every request is kept. One name is the service's, behind a login
proxy that knows who is signed in without any cookie: nothing but the service's own rules keeps a
foreign page from using it.
"""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ADA = {"X-Forwarded-User": "u-17", "X-Forwarded-Email": "ada@acme.example"}
SERVICE = "sso.localhost"
SIGNS_IN = "/signs-in"


@dataclass(frozen=True)
class Asked:
    """A request that came: its address without query, the query's text, its headers."""

    address: str
    query: str
    headers: dict[str, str]


@dataclass
class Sites:
    """`pages` has HTML by address, `identity` the headers of who is signed in.

    `unknown_at` are paths of the service that get no session, like those without cookies.
    `bind` is where the service really is.
    """

    port: int
    scheme: str = "http"
    bind: str = ""
    identity: dict[str, str] = field(default_factory=dict)
    unknown_at: set[str] = field(default_factory=set)
    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def sign_in(self) -> None:
        self.identity = ADA

    def origin(self, name: str) -> str:
        return f"{self.scheme}://{name}:{self.port}"

    def put(self, address: str, body: str, **headers: str) -> str:
        """Put a page at an address, with these headers of its own; give the address."""
        self.pages[address] = f"<!doctype html><html lang=en><title>t</title>{body}</html>"
        self.headers[address] = {name.replace("_", "-"): value for name, value in headers.items()}
        return address

    def asked_for(self, address: str) -> list[Asked]:
        return [each for each in self.asked if each.address == address]

    def forget(self) -> None:
        self.identity = {}
        for kept in (self.pages, self.headers, self.asked, self.unknown_at):
            kept.clear()


class Handler(BaseHTTPRequestHandler):
    sites: Sites

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        address = f"{self.sites.scheme}://{self.headers['Host']}{parts.path}"
        self.sites.asked.append(Asked(address, parts.query, dict(self.headers)))
        if parts.path == SIGNS_IN:
            self._sign_in(parse_qs(parts.query)["rd"][0])
        elif self.headers["Host"].startswith(f"{SERVICE}:"):
            self._pass_on()
        else:
            page = self.sites.pages.get(address)
            own = self.sites.headers.get(address, {})
            status = 404 if page is None else 303 if "Location" in own else 200
            self._answer(status, (page or "").encode(), {"Content-Type": "text/html", **own})

    def _sign_in(self, return_address: str) -> None:
        self.sites.sign_in()
        self._answer(303, b"", {"Location": return_address})

    do_OPTIONS = do_POST = do_GET  # noqa: N815 - the names are the library's

    def _pass_on(self) -> None:
        """Ask the service as a login proxy does."""
        length = int(self.headers.get("Content-Length") or 0)
        connection = http.client.HTTPConnection(self.sites.bind, timeout=10)
        identity = {} if self.path in self.sites.unknown_at else self.sites.identity
        fields = {**dict(self.headers), **identity, "Connection": "close"}
        connection.request(self.command, self.path, self.rfile.read(length) or None, fields)
        answer = connection.getresponse()
        dropped = {"connection", "date", "server", "content-length"}
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in dropped}
        self._answer(answer.status, answer.read(), kept)
        connection.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        with contextlib.suppress(OSError):  # the page was left before its answer came
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving_sites(
    handler: type[Handler] = Handler, tls: ssl.SSLContext | None = None
) -> Iterator[Sites]:
    """Serve them for the length of a block."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        port = server.server_address[1]
        handler.sites = Sites(port, "http" if tls is None else "https")
        if tls is not None:  # each connection's thread does its handshake
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield handler.sites
        server.shutdown()
        thread.join()
