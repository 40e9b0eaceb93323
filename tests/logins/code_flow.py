"""The authorization code flow with PKCE (RFC 6749, 4.1; RFC 7636), as a host application has it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from app.testing import IssuerKey

from .visitor import Seen, Visitor

SignIn = Callable[[Visitor, Seen], Seen]
"""Fills in the provider's pages, from the first on; returns what leads back to the application."""


@dataclass(frozen=True)
class Application:
    """A client of the provider, without a secret.

    `more` are further parameters of its question; `key` is what its tokens are bound to.
    """

    issuer: str
    client_id: str
    scope: str = "openid profile email"
    more: Mapping[str, str] = field(default_factory=dict)
    redirect: str = "http://127.0.0.1:9/callback"
    key: IssuerKey | None = None

    def endpoint(self, name: str) -> str:
        """Return an address of the provider's discovery document."""
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - of the tests
            return str(json.load(answer)[f"{name}_endpoint"])

    def tokens(self, visitor: Visitor, sign_in: SignIn) -> dict[str, Any]:
        """Sign a visitor in at the provider, and return the tokens that come of it."""
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(8)
        digest = hashlib.sha256(verifier.encode()).digest()
        question = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect,
            "scope": self.scope,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **self.more,
        }
        first = visitor.get(f"{self.endpoint('authorization')}?{urlencode(question)}")
        back = sign_in(visitor, first)
        assert back.location.startswith(self.redirect), (back.status, back.body[:500])
        answer = parse_qs(urlsplit(back.location).query)
        assert answer["state"] == [state], answer
        return self.ask(
            "token",
            {
                "grant_type": "authorization_code",
                "code": answer["code"][0],
                "redirect_uri": self.redirect,
                "code_verifier": verifier,
                **{name: self.more[name] for name in ("resource",) if name in self.more},
            },
        )

    def ask(self, endpoint: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Post a form to an endpoint, as the client, and return the JSON of the answer."""
        address = self.endpoint(endpoint)
        data = urlencode({"client_id": self.client_id, **form}).encode()
        headers = {"DPoP": _proof(self.key, address)} if self.key else {}
        question = urllib.request.Request(address, data, headers)  # noqa: S310 - of the tests
        try:
            with urllib.request.urlopen(question, timeout=10) as answer:  # noqa: S310 - of the tests
                body = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{endpoint} answers {error.code}: {error.read()!r}") from None
        found: dict[str, Any] = json.loads(body or b"{}")
        return found


def _proof(key: IssuerKey, address: str) -> str:
    """Sign a proof that the client has the key (RFC 9449, section 4.2)."""
    claims = {"jti": secrets.token_urlsafe(8), "htm": "POST", "htu": address}
    jwk = {name: value for name, value in key.jwk().items() if name in {"kty", "crv", "x", "y"}}
    return key.sign({**claims, "iat": int(time.time())}, {"typ": "dpop+jwt", "jwk": jwk})
