"""`mint` of a row whose vendor gives the token."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app.cli.check_sign_on import open_pages
from app.identity import Identity
from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import PROXY


class Api(BaseHTTPRequestHandler):
    """Gives a token that is none of ours to whoever asks for a user."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200 if asked["user"] == "u-17" else 500)
        self.end_headers()
        self.wfile.write(b'{"token": "opaque/1", "page": "https://x.example/once"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def test_mint_asks_the_vendor(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running() as api:
        (tmp_path / "rows.toml").write_text(
            f"""[x]
address = "https://x.example/sso"
parameter = "jwt"
exchange = {{ url = "{api}", json = {{ key = "{{key}}", user = "{{subject}}" }}, token = "token" }}
"""
        )
        rows = {"SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml"), "DESTINATION_X_KEY": "k-17"}
        load(PROXY, rows)
        status, out, _ = run(capsys, "mint", "x", "--subject", "u-17", "--json")
        refused = run(capsys, "mint", "x", "--subject", "u-18")
        page = run(capsys, "check")[1]

    minted = json.loads(out)
    assert (status, minted["token"], minted["header"]) == (0, "opaque/1", {})
    assert minted["url"] == "https://x.example/sso?jwt=opaque%2F1#"
    assert refused == (1, "", "it answers 500\n")
    assert ": a token from the vendor's API, by redirect" in page
    assert "never end" not in page


async def test_mint_and_check_say_that_an_address_is_given(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running() as api:
        (tmp_path / "rows.toml").write_text(
            f"""[x]
address = "https://x.example/"
exchange = {{ url = "{api}", json = {{ key = "{{key}}", user = "u-17" }}, location = "page" }}
"""
        )
        rows = {"SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml"), "DESTINATION_X_KEY": "k-17"}
        config = load(PROXY, rows)
        shown = await asyncio.to_thread(run, capsys, "mint", "x", "--subject", "u-17", "--json")
        page = run(capsys, "check")[1]
        (opened,) = await open_pages(config.destinations, Identity(subject="u-17"), ())

    assert json.loads(shown[1])["url"] == "https://x.example/once#"
    assert ": an address from the vendor's API, by redirect" in page
    assert opened.found == "an address is given; it may work once, and is not opened"
