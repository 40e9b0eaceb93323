"""The rows of the example file through the shipped service, from a temporary file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry

from tests.destinations.example_rows import ALGORITHMS, EXAMPLE, KEYS

from .acme import ADA, BEHIND_OAUTH2_PROXY
from .service import Answer, Service, serving

SCRIPT = ("Accept: application/json",)
NAMES = {
    "merge": "https://api.merge.dev",
    "luzmo": "https://api.luzmo.com",
    "assertion": "https://api.example.com",
}
"""Vendors whose APIs give the token, and where these are."""


class Api(BaseHTTPRequestHandler):
    """Answers as Merge's and Luzmo's API do for their keys, and refuses every other key."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self._answer(asked)
        body = json.dumps(answer or {"error": "not for you"}).encode()
        self.send_response(200 if answer else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, asked: bytes) -> dict[str, Any] | None:
        if self.path.endswith("/create-link-token"):
            is_ours = self.headers["Authorization"] == f"Bearer {KEYS['merge']}"
            user = json.loads(asked)["end_user_email_address"]
            return {"link_token": f"link-for-{user}"} if is_ours else None
        if self.path.endswith("/authorization"):
            question = json.loads(asked)
            is_ours = question["token"] == KEYS["luzmo"]
            return {"id": "embed-key", "token": "embed-token"} if is_ours else None
        return {"access_token": "granted", "expires_in": 60} if b"assertion=eyJ" in asked else None

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("rows")
    with api() as origin:
        text = EXAMPLE.read_text(encoding="utf-8")
        for vendor in NAMES.values():
            text = text.replace(vendor, origin)
        (folder / "rows.toml").write_text(text, encoding="utf-8")
        keys = {
            f"DESTINATION_{name.upper().replace('-', '_')}_KEY": key for name, key in KEYS.items()
        }
        file = {"SSO_DESTINATIONS_FILE": str(folder / "rows.toml")}
        with serving({**BEHIND_OAUTH2_PROXY, **keys, **file}, folder / "service") as service:
            yield service


def told(service: Service, name: str) -> dict[str, Any]:
    answer: dict[str, Any] = service.get(f"/{name}-sso", *ADA, *SCRIPT).json()
    return answer


def read(service: Service, name: str, token: str) -> jwt.Token:
    """Read a token with another library, by what the vendor has: the secret, or the key set."""
    algorithm = ALGORITHMS[name]
    if algorithm.startswith("HS"):
        key: Any = import_key(KEYS[name], "oct")
    else:
        (published,) = service.get(f"/{name}-sso/jwks.json").json()["keys"]
        key = import_key(published)
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    return jwt.decode(token, key, algorithms=[algorithm], registry=registry)


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    ("name", "member", "header"),
    [
        ("zendesk-messaging", "jwt", {"kid": "app_0123456789abcdef"}),
        ("tableau", "token", {"iss": "fedcba98-7654-3210-fedc-ba9876543210"}),
        ("bytechef", "jwtToken", {"kid": "RS256-0123456789"}),
        ("metabase-sdk", "jwt", {}),
        ("superset", "token", {}),
    ],
)
def test_a_script_is_answered_as_the_vendors_own_wants_it(
    rows: Service, name: str, member: str, header: dict[str, str]
) -> None:
    answer = told(rows, name)
    token = read(rows, name, answer[member])

    assert header.items() <= token.header.items()
    assert "ada@acme.example" in json.dumps(token.claims) or "u-17" in json.dumps(token.claims)


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    ("name", "carrier", "kid"),
    [
        ("sigma", "?:jwt=", "0123456789abcdef"),
        ("jaas", "?jwt=", "vpaas-magic-cookie-0123456789abcdef/4f4910"),
    ],
)
def test_an_address_carries_the_token_as_the_vendor_wants_it(
    rows: Service, name: str, carrier: str, kid: str
) -> None:
    answer: Answer = rows.get(f"/{name}-sso", *ADA)
    token = read(rows, name, answer["Location"].partition(carrier)[2].partition("#")[0])

    assert answer.status == 307
    assert token.header["kid"] == kid


@pytest.mark.requirement("R68")
def test_a_token_that_the_vendors_api_gives_reaches_the_page(rows: Service) -> None:
    assert told(rows, "merge") == {"link_token": "link-for-ada@acme.example"}
    assert told(rows, "luzmo") == {"authKey": "embed-key", "authToken": "embed-token"}
    location = rows.get("/assertion-sso", *ADA)["Location"]
    assert location.endswith("?token=granted#")
    for name in ("merge", "luzmo"):
        assert KEYS[name] not in rows.output
    assert "link-for-" not in rows.output


@pytest.mark.requirement("R68")
def test_an_api_that_refuses_is_a_502_that_tells_nothing(tmp_path: Path) -> None:
    with api() as origin:
        text = EXAMPLE.read_text(encoding="utf-8").replace(NAMES["merge"], origin)
        merge = "[merge]" + text.partition("[merge]")[2].partition("\n#")[0]
        (tmp_path / "rows.toml").write_text(merge, encoding="utf-8")
        environment = {
            **BEHIND_OAUTH2_PROXY,
            "SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml"),
            "DESTINATION_MERGE_KEY": "another-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        }
        with serving(environment, tmp_path / "service") as service:
            answer = service.get("/merge-sso", *ADA, *SCRIPT)

            assert (answer.status, answer.json()["code"]) == (502, "vendor_unavailable")
            assert "not for you" not in answer.text + service.output
