"""Read the session cookie of Acme's application: `<user id>.<end>.<HMAC in hex>`."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import TYPE_CHECKING

from pydantic import Field, SecretStr

from app.authenticators import (
    AuthenticatorContext,
    Identity,
    InvalidCredential,
    Variables,
    cookie_value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from falcon.asgi import Request

_SESSION = re.compile(rb"([A-Za-z0-9-]{1,64})\.([0-9]{1,12})\.([0-9a-f]{64})")


class AcmeVariables(Variables):
    """Read from AUTH_ACME_SESSION_SECRET and AUTH_ACME_SESSION_COOKIE."""

    secret: SecretStr = Field(min_length=32)
    cookie: str = "acme_session"


class AcmeSession:
    """Returns `None` without the cookie, and refuses every cookie that Acme has not signed."""

    def __init__(self, variables: AcmeVariables, now: Callable[[], float] = time.time) -> None:
        self._cookie = variables.cookie.encode()
        self._secret = variables.secret.get_secret_value().encode()
        self._now = now

    @classmethod
    def from_settings(cls, context: AuthenticatorContext) -> AcmeSession:
        """Build it from its own variables; a wrong one is reported at start by its name."""
        return cls(context.read(AcmeVariables), context.now)

    async def __call__(self, request: Request) -> Identity | None:
        """Return the identity behind a request."""
        cookie = cookie_value(request, self._cookie)
        if not cookie:
            return None
        parts = _SESSION.fullmatch(cookie)
        if parts is None:
            raise InvalidCredential("the cookie is not <user id>.<end>.<HMAC>")
        user, end, signature = parts.groups()
        expected = hmac.new(self._secret, user + b"." + end, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, expected.encode()):
            raise InvalidCredential("the cookie is not signed by Acme")
        if int(end) <= self._now():
            raise InvalidCredential("the session is over")
        return Identity(subject=user.decode(), issuer="acme", expires_at=int(end))
