"""What the tests of `app` share: a clean environment, and an application made from it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import falcon.asgi
import falcon.testing
import pytest
from hypothesis import settings as hypothesis

from app import configuration as settings
from app.main import create_app
from app.settings.reading import InvalidSettings

PANDIUM_SECRET = "pandium-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
APIFUSE_SECRET = "apifuse-00112233445566778899aabbccddeeff"
NOW = 1_800_000_000.25

PANDIUM = {"PANDIUM_SHARED_SECRET": PANDIUM_SECRET, "PANDIUM_ACCOUNT": "acme"}
APIFUSE = {
    "APIFUSE_API_SECRET": APIFUSE_SECRET,
    "APIFUSE_ORG_ID": "4711",
    "APIFUSE_SUBDOMAIN": "acme",
}
PROXY = {
    "SSO_AUTHENTICATORS": "oauth2-proxy",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1",
}
ADA = {"X-Forwarded-User": "u-17", "X-Forwarded-Email": "ada@acme.example"}

hypothesis.register_profile("untimed", deadline=None)  # machines are shared: no test by the clock
hypothesis.load_profile("untimed")

Load = Callable[..., settings.Settings]


class Server:
    """Hands requests on as gunicorn does: with lists where falcon.testing has iterators."""

    def __init__(self, app: falcon.asgi.App[Any, Any]) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["headers"] = [tuple(header) for header in scope["headers"]]
            scope["client"] = tuple(scope.get("client") or ()) or None
        await self._app(scope, receive, send)


class Client(falcon.testing.TestClient):
    """A client whose connections come from the login proxy, where nothing else is said."""

    def simulate_request(self, *args: Any, **kwargs: Any) -> Any:
        return super().simulate_request(*args, **{"remote_addr": "127.0.0.1", **kwargs})


MakeClient = Callable[..., Client]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Read the settings from exactly these variables."""

    def loaded(*groups: dict[str, str], **variables: str) -> settings.Settings:
        for name in list(os.environ):
            if name.startswith(settings.PREFIXES) or name in {"SECRETS_DIR", "WEB_CONCURRENCY"}:
                monkeypatch.delenv(name)
        for group in (*groups, variables):
            for name, value in group.items():
                monkeypatch.setenv(name, value)
        return settings.load()

    return loaded


@pytest.fixture
def client(load: Load) -> MakeClient:
    """Make a client of the application that these variables describe, at `NOW`."""

    def made(*groups: dict[str, str], **variables: str) -> Client:
        config = load(*(groups or (PROXY, PANDIUM)), **variables)
        return Client(Server(create_app(config, now=lambda: NOW)))

    return made


def problems(load: Load, *groups: dict[str, str], **variables: str) -> dict[str, str]:
    """Give what is wrong with a configuration, by variable."""
    with pytest.raises(InvalidSettings) as refused:
        load(*groups, **variables)
    return {problem.variable: problem.wrong for problem in refused.value.problems}


def token_of(location: str, parameter: str = "tenant") -> str:
    """Take the one token out of an address."""
    (token,) = parse_qs(urlsplit(location).query)[parameter]
    return token


def vendor_reads(token: str, secret: str) -> dict[str, Any]:
    """Verify a token as a vendor would, with nothing of ours, and give its claims."""
    signing_input, _, signature = token.rpartition(".")
    expected = hmac.new(secret.encode(), signing_input.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    header, claims = signing_input.split(".")
    assert header == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    loaded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return loaded
