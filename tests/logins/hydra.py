"""Ory Hydra with clients, and a login and a consent page as its operators write them."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from tests.system.proxies import running
from tests.system.service import free_port

from .code_flow import Application
from .products import PRODUCTS
from .visitor import Seen, Visitor

SECRET: Final = "hydra-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG"
NAMES: Final = {
    "zoe": {"name": "Zoë Østergård 山田", "groups": ["Vertrieb München", "staff"]},
    "bob": {"name": "Bob", "groups": []},
}
FORM: Final = '<form action="" method="post"><input name="login"></form>'
_LIFESPAN: Final = "authorization_code_grant_access_token_lifespan"


def _client(name: str, strategy: str, **more: Any) -> dict[str, Any]:
    return {
        "client_id": name,
        "access_token_strategy": strategy,
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [Application.redirect],
        "scope": "openid offline_access profile email",
        "audience": ["marketplace", "other"],
        **more,
    }


def _robot(strategy: str) -> dict[str, Any]:
    return _client(
        f"robot-{strategy}",
        strategy,
        client_secret=SECRET,
        token_endpoint_auth_method="client_secret_post",
        grant_types=["client_credentials"],
    )


CLIENTS: Final = [
    *(_client(strategy, strategy) for strategy in ("jwt", "opaque")),
    *(_client(f"brief-{each}", each, **{_LIFESPAN: "2s"}) for each in ("jwt", "opaque")),
    *(_robot(strategy) for strategy in ("jwt", "opaque")),
]


@dataclass(frozen=True)
class Hydra:
    """A running server; whoever reaches `admin` may do everything."""

    issuer: str
    admin: str

    def manage(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        question = urllib.request.Request(f"{self.admin}{path}", data, headers, method=method)  # noqa: S310 - of the tests
        with urllib.request.urlopen(question, timeout=10) as answer:  # noqa: S310 - of the tests
            found: dict[str, Any] = json.load(answer)
        return found

    def application(self, client: str, audience: str = "marketplace") -> Application:
        more = {"audience": audience}
        return Application(self.issuer, client, "openid offline_access profile email", more)


class Pages(http.server.BaseHTTPRequestHandler):
    """The login and the consent that Hydra leads to, each with its challenge in the address."""

    hydra: ClassVar[Hydra]

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/consent":
            self._consent()
        else:
            self._answer(200, {"Content-Type": "text/html"}, FORM.encode())

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._accept("login", {"subject": form["login"][0]})

    def _consent(self) -> None:
        asked = self.hydra.manage("GET", f"{_REQUESTS}/consent?{urlsplit(self.path).query}")
        email = f"{asked['subject']}@acme.example"
        claims = {**NAMES[asked["subject"]], "email": email, "email_verified": True}
        self._accept(
            "consent",
            {
                "grant_scope": asked["requested_scope"],
                "grant_access_token_audience": asked["requested_access_token_audience"],
                "session": {"access_token": claims, "id_token": claims},
            },
        )

    def _accept(self, what: str, body: object) -> None:
        query = urlsplit(self.path).query
        accepted = self.hydra.manage("PUT", f"{_REQUESTS}/{what}/accept?{query}", body)
        self._answer(303, {"Location": str(accepted["redirect_to"])}, b"")

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


_REQUESTS: Final = "/admin/oauth2/auth/requests"


def sign_in(visitor: Visitor, page: Seen, name: str = "zoe") -> Seen:
    """Fill in the login page, and be led through the consent and back."""
    form = visitor.follow(page)
    seen = visitor.post(form.address, {"login": name})
    return visitor.follow(seen, until=Application.redirect)


@contextlib.contextmanager
def serving_hydra(folder: Path) -> Iterator[Hydra]:
    """Run it for the length of a block; its database is in memory."""
    public, admin = free_port(), free_port()
    hydra = Pages.hydra = Hydra(f"http://127.0.0.1:{public}", f"http://127.0.0.1:{admin}")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        site = f"http://127.0.0.1:{pages.server_address[1]}"
        configuration = {
            "dsn": "memory",
            "serve": {
                "public": {"host": "127.0.0.1", "port": public},
                "admin": {"host": "127.0.0.1", "port": admin},
            },
            "urls": {
                "self": {"issuer": hydra.issuer},
                "login": f"{site}/login",
                "consent": f"{site}/consent",
            },
            "secrets": {"system": [SECRET]},
        }
        (folder / "hydra.json").write_text(json.dumps(configuration))
        command = [*PRODUCTS["hydra"].command(), "serve", "all", "--dev", "--sqa-opt-out"]
        options = ["-c", str(folder / "hydra.json")]
        with running([*command, *options], public, folder / "hydra.log", seconds=30):
            for client in CLIENTS:
                hydra.manage("POST", "/admin/clients", client)
            yield hydra
        pages.shutdown()
