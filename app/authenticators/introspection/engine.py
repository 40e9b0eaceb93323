"""Ask the host application, or a server that it trusts, whose session this is."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

import structlog

from app.authenticators.contract import ProbeResult
from app.authenticators.credentials import cookie_value, header_value
from app.authenticators.http_client import HttpClient, NoAnswer
from app.authenticators.introspection.answers import MAX_BYTES, Answers
from app.authenticators.introspection.cache import IdentityCache, fingerprint
from app.authenticators.introspection.probing import UNREACHABLE, found_without_session
from app.authenticators.introspection.token_rules import switched_off, token_rules
from app.authenticators.introspection.variables import IntrospectionVariables
from app.errors import AuthenticatorUnavailable, InvalidCredential

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import falcon.asgi

    from app.authenticators.contract import AuthenticatorContext
    from app.authenticators.http_client import Answer
    from app.identity import Identity

VARIABLES: Final = IntrospectionVariables

log = structlog.get_logger(__name__)

_JSON: Final = "application/json"
_MAX_CONNECTIONS: Final = 100
"""At a time, to one host; a question without one waits for it within its timeout."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to the host. It contains the whole credential and is never logged."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)

    def fingerprint(self) -> bytes:
        """Return a hash of the whole credential."""
        pairs = (*sorted(self.headers.items()), *(self.form or {}).items())
        return fingerprint(part.encode() for pair in pairs for part in pair)


def from_settings(context: AuthenticatorContext) -> Introspection:
    """Build the engine from its variables."""
    variables = context.read(IntrospectionVariables)
    return Introspection(variables, prefix=context.prefix, now=context.now)


class Introspection:
    """Takes an identity from the host's answer.

    `prefix` is that of its variables. `now` returns epoch seconds.
    """

    def __init__(
        self,
        variables: IntrospectionVariables,
        *,
        prefix: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._variables = variables
        self._unchecked = switched_off(variables, prefix)
        self._host = self._client()
        self._cache = IdentityCache(
            seconds=variables.cache_seconds, size=variables.cache_size, now=now
        )
        self._sends_token = variables.mode == "rfc7662"
        rules = token_rules(variables, prefix=prefix, now=now) if self._sends_token else None
        self._read = Answers(variables, rules)
        self._question = (
            self._question_about_token if self._sends_token else self._question_with_cookies
        )

    async def start(self) -> None:
        """Allow questions; nothing is asked yet."""
        for variable in self._unchecked:
            log.warning("check_switched_off", variable=variable)
        await self._host.start()

    async def stop(self) -> None:
        """Close all connections."""
        await self._host.stop()

    async def __call__(self, request: falcon.asgi.Request) -> Identity | None:
        """Return the identity that the host knows; `None` without a session of the host."""
        question = self._question(request)
        if question is None:
            return None
        key = question.fingerprint()
        identity = self._cache.get(key)
        if identity is None:
            identity = self._read(await self._answer(self._host, question))
            self._cache.put(key, identity)
        return identity

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is legal in the configuration and likely wrong."""
        return tuple(f"{each} is -: this is not checked at all" for each in self._unchecked)

    async def probe(self) -> list[ProbeResult]:
        """Ask without a session, or about a token that nobody has: the answer must be no."""
        url = self._variables.url
        question = Question("GET", {"Accept": _JSON})
        if self._sends_token:
            question = self._token_question(b"no-token")
        host = self._client()
        await host.start()
        try:
            answer = await self._answer(host, question)
        except AuthenticatorUnavailable as error:
            return [ProbeResult(url, str(error), UNREACHABLE)]
        finally:
            await host.stop()
        return [found_without_session(url, answer, is_about_token=self._sends_token)]

    def _client(self) -> HttpClient:
        return HttpClient(
            timeout_seconds=self._variables.timeout_seconds,
            max_bytes=MAX_BYTES,
            connections=_MAX_CONNECTIONS,
        )

    async def _answer(self, host: HttpClient, question: Question) -> Answer:
        try:
            return await host.ask(
                question.method, self._variables.url, question.headers, question.form
            )
        except NoAnswer as error:
            raise AuthenticatorUnavailable(str(error)) from None

    def _question_with_cookies(self, request: falcon.asgi.Request) -> Question | None:
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

    def _question_about_token(self, request: falcon.asgi.Request) -> Question | None:
        cookies = self._variables.forward_cookies
        if cookies:
            token = cookie_value(request, cookies[0].encode())
        else:
            token = header_value(request, b"authorization", b"bearer")
        return self._token_question(token) if token else None

    def _token_question(self, token: bytes) -> Question:
        headers, form = {"Accept": _JSON}, {"token": _text(token)}
        if self._variables.client_auth == "post":
            return Question("POST", headers, {**form, **_in_form(self._variables)})
        return Question("POST", {**headers, "Authorization": _basic(self._variables)}, form)


def _client_credentials(variables: IntrospectionVariables) -> tuple[str, str]:
    secret = variables.client_secret
    return variables.client_id or "", secret.get_secret_value().strip() if secret else ""


def _in_form(variables: IntrospectionVariables) -> dict[str, str]:
    """Return our credentials as fields of the form, as some servers want them."""
    client_id, client_secret = _client_credentials(variables)
    return {"client_id": client_id, "client_secret": client_secret}


def _basic(variables: IntrospectionVariables) -> str:
    """Return our credentials (RFC 6749, section 2.3.1: each part is form-encoded first).

    Some servers do not decode the parts: `basic-raw` leaves them as they are (RFC 7617).
    """
    parts = _client_credentials(variables)
    raw = variables.client_auth == "basic-raw"
    encoded = ":".join(parts if raw else map(quote_plus, parts)).encode()
    return f"Basic {base64.b64encode(encoded).decode()}"


def _text(value: bytes) -> str:
    text = value.decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        raise InvalidCredential("a cookie or header for the host is not printable ASCII")
    return text
