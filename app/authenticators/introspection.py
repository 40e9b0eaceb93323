"""Asks the host application, or a server that it trusts, whose session this is."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from app.authenticators.introspection_variables import IntrospectionVariables
from app.claim_names import expiry
from app.credentials import cookie_value, header_value
from app.errors import AuthenticatorUnavailable, InvalidCredential
from app.host_client import MAX_BYTES, HostClient
from app.identity import Identity
from app.identity_cache import IdentityCache, fingerprint
from app.identity_headers import HeaderReader
from app.tokens import InvalidToken, strict_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import falcon.asgi

    from app.authenticator import AuthenticatorContext
    from app.host_client import HostAnswer

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Question:
    """What goes to the host. It has the whole credential in it, and is never logged."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)

    def fingerprint(self) -> bytes:
        """Give a hash of the whole credential."""
        pairs = (*sorted(self.headers.items()), *(self.form or {}).items())
        return fingerprint(part.encode() for pair in pairs for part in pair)


def from_settings(context: AuthenticatorContext) -> Introspection:
    """Build the engine from its variables."""
    return Introspection(context.read(IntrospectionVariables), now=context.now)


class Introspection:
    """Takes an identity from the host's answer. `now` gives epoch seconds."""

    def __init__(
        self, variables: IntrospectionVariables, *, now: Callable[[], float] = time.time
    ) -> None:
        self._variables = variables
        self._host = HostClient(timeout_seconds=variables.timeout_seconds)
        self._cache = IdentityCache(
            seconds=variables.cache_seconds, size=variables.cache_size, now=now
        )
        self._reader = HeaderReader(variables)
        self._asks_about_a_token = variables.mode == "rfc7662"
        self._question = self._about_a_token if self._asks_about_a_token else self._about_cookies

    async def start(self) -> None:
        """Open the pool of connections; nobody is asked yet."""
        await self._host.start()

    async def stop(self) -> None:
        """Close it."""
        await self._host.stop()

    async def __call__(self, request: falcon.asgi.Request) -> Identity | None:
        """Give the identity that the host knows; `None` where the request has no session of it."""
        question = self._question(request)
        if question is None:
            return None
        key = question.fingerprint()
        identity = self._cache.get(key)
        if identity is None:
            answer = await self._host.ask(
                question.method, self._variables.url, question.headers, question.form
            )
            identity = self._identity(answer)
            self._cache.put(key, identity)
        return identity

    def _about_cookies(self, request: falcon.asgi.Request) -> Question | None:
        cookies = "; ".join(
            f"{name}={_text(value)}"
            for name in self._variables.forward_cookies
            if (value := cookie_value(request, name.encode()))
        )
        if not cookies:
            return None
        headers = {
            name: _text(value)
            for name in self._variables.forward_headers
            if (value := header_value(request, name.encode()))
        }
        return Question("GET", {**headers, "Accept": _JSON, "Cookie": cookies})

    def _about_a_token(self, request: falcon.asgi.Request) -> Question | None:
        cookies = self._variables.forward_cookies
        token = (
            cookie_value(request, cookies[0].encode())
            if cookies
            else header_value(request, b"authorization", b"bearer")
        )
        if not token:
            return None
        headers = {"Accept": _JSON, "Authorization": _basic(self._variables)}
        return Question("POST", headers, {"token": _text(token)})

    def _identity(self, answer: HostAnswer) -> Identity:
        """Read who it is out of an answer.

        Raises:
            InvalidCredential: nobody, or nobody that can be told.
            AuthenticatorUnavailable: the host cannot say.
        """
        self._check_status(answer.status)
        if self._variables.mode == "forward-auth":
            return self._identity_in_headers(answer)
        claims = _claims(answer)
        if self._asks_about_a_token and claims.get("active") is not True:
            raise InvalidCredential("the token is not active")
        return self._variables.identity_from(claims, expires_at=expiry(claims))

    def _check_status(self, status: int) -> None:
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            if self._asks_about_a_token:  # RFC 7662, section 2.3: it is us whom it does not know
                raise AuthenticatorUnavailable("the host does not accept CLIENT_ID, CLIENT_SECRET")
            raise InvalidCredential(f"the host says {status}")
        if 300 <= status < 400:  # noqa: PLR2004 - redirects: to a login, most likely
            raise InvalidCredential(f"the host says {status}: a redirect is no session")
        if not 200 <= status < 300:  # noqa: PLR2004 - neither yes nor no
            raise AuthenticatorUnavailable(f"the host says {status}")

    def _identity_in_headers(self, answer: HostAnswer) -> Identity:
        received = [pair for pair in answer.headers if pair[0] in self._reader.names]
        headers = dict(received)
        if len(headers) != len(received):
            raise InvalidCredential("the host's answer has an identity header twice")
        fields = self._reader.read(headers)
        if "subject" not in fields:
            raise InvalidCredential("the host's answer names no user")
        return Identity(**fields)


def _claims(answer: HostAnswer) -> dict[str, object]:
    """Read a JSON object. Whatever else comes with a 200, like a login page, is no session."""
    media_type = b"".join(answer.all(b"content-type")).partition(b";")[0].strip().lower()
    if answer.status != HTTPStatus.OK or media_type != _JSON.encode():
        raise InvalidCredential(f"the host's answer is no {_JSON}")
    if answer.body is None:
        raise InvalidCredential(f"the host's answer is over {MAX_BYTES} bytes long")
    try:
        return strict_json(answer.body)
    except InvalidToken as error:
        raise InvalidCredential(f"the host's answer cannot be read: {error}") from None


def _basic(variables: IntrospectionVariables) -> str:
    """Write who we are (RFC 6749, section 2.3.1: each part form-encoded first)."""
    secret = variables.client_secret
    parts = (variables.client_id or "", secret.get_secret_value().strip() if secret else "")
    encoded = ":".join(map(quote_plus, parts)).encode()
    return f"Basic {base64.b64encode(encoded).decode()}"


def _text(value: bytes) -> str:
    text = value.decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        raise InvalidCredential("a cookie or header that goes to the host is not printable ASCII")
    return text
