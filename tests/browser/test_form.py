"""A vendor that takes its token in a form: with scripts, and without."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests.system.service import Service, serving
from tests.system.vendor import verify

from .conftest import NewContext

KEY = "form-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG"
USER = {"X-Forwarded-User": "u-17", "X-Forwarded-Email": "ada@acme.example"}


@dataclass
class Vendor:
    """A vendor's server, and the bodies that were posted to it."""

    port: int
    posted: list[str] = field(default_factory=list)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            found.posted.append(self.rfile.read(length).decode())
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<h1>Marketplace</h1>")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Vendor(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def service(vendor: Vendor, tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "rows.toml").write_text(
        "[forms]\n"
        f'address = "http://127.0.0.1:{vendor.port}/access/jwt"\n'
        'parameter = "jwt"\ndelivery = "form"\n'
        "parameters = { return_to = { relative_path = true } }\n"
        'claims = { iat = "{issued_at}", sub = "{subject}", name = "{name|email}" }\n'
    )
    environment = {
        "SSO_AUTHENTICATORS": "oauth2-proxy",
        "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
        "SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml"),
        "DESTINATION_FORMS_KEY": KEY,
    }
    with serving(environment, tmp_path / "service") as running:
        yield running


@pytest.mark.requirement("R37")
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_form_arrives_at_the_vendor(
    service: Service, vendor: Vendor, new_context: NewContext, scripts: bool
) -> None:
    context = new_context(java_script_enabled=scripts, extra_http_headers=USER)
    page = context.new_page()

    page.goto(f"http://{service.bind}/forms-sso?return_to=/hc/en-us", wait_until="commit")
    if not scripts:
        page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Marketplace").wait_for()

    assert page.url == f"http://127.0.0.1:{vendor.port}/access/jwt"
    (body,) = vendor.posted
    fields = parse_qs(body)
    assert fields["return_to"] == ["/hc/en-us"]
    _, claims = verify(fields["jwt"][0], KEY)
    assert (claims["sub"], claims["name"]) == ("u-17", "ada@acme.example")
