"""The application without a server: a client of it, its configuration, and a vendor's eyes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import falcon.asgi
import falcon.testing
import pytest

from app.main import Configuration
from app.settings.problems import InvalidSettings

Load = Callable[..., Configuration]
"""Reads the settings from exactly the variables it is given."""


class Server:
    """Hands requests on as gunicorn does: with lists where falcon.testing has iterators."""

    def __init__(self, app: falcon.asgi.App[Any, Any]) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["headers"] = [tuple(header) for header in scope["headers"]]
            scope["server"] = tuple(scope["server"])
            scope["client"] = tuple(scope.get("client") or ()) or None
        await self._app(scope, receive, send)


class Client(falcon.testing.TestClient):
    """A client whose connections come from the login proxy, where nothing else is said."""

    def simulate_request(self, *args: Any, **kwargs: Any) -> Any:
        return super().simulate_request(*args, **{"remote_addr": "127.0.0.1", **kwargs})


MakeClient = Callable[..., Client]
"""Makes a client of the application that these variables describe."""


def problems(load: Load, *groups: dict[str, str], **variables: str) -> dict[str, str]:
    """Return what is wrong with a configuration, by variable."""
    with pytest.raises(InvalidSettings) as refused:
        load(*groups, **variables)
    return {problem.variable: problem.wrong for problem in refused.value.problems}


def token_of(location: str, parameter: str = "tenant") -> str:
    """Take the one token out of an address."""
    (token,) = parse_qs(urlsplit(location).query)[parameter]
    return token


def vendor_reads(token: str, secret: str) -> dict[str, Any]:
    """Verify a token as a vendor would, with nothing of ours, and return its claims."""
    signing_input, _, signature = token.rpartition(".")
    expected = hmac.new(secret.encode(), signing_input.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    header, claims = signing_input.split(".")
    assert header == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    loaded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return loaded
