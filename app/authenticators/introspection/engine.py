"""Ask the host application, or a server that it trusts, whose session this is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

from app.authenticators.contract import ProbeResult
from app.authenticators.http_client import HttpClient
from app.authenticators.introspection.answers import MAX_BYTES, Answers
from app.authenticators.introspection.cache import IdentityCache
from app.authenticators.introspection.probing import UNREACHABLE, found_without_session
from app.authenticators.introspection.questions import Questions
from app.authenticators.introspection.token_rules import switched_off, token_rules
from app.authenticators.introspection.variables import IntrospectionVariables
from app.errors import AuthenticatorUnavailable, NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    import falcon.asgi

    from app.authenticators.contract import AuthenticatorContext
    from app.authenticators.http_client import Answer
    from app.authenticators.introspection.questions import Question
    from app.identity import Identity

VARIABLES: Final = IntrospectionVariables

log = structlog.get_logger(__name__)

_MAX_CONNECTIONS: Final = 100
"""At a time, to one host; a question without one waits for it within its timeout."""


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
        self._questions = Questions(variables)

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
        question = self._questions.about(request)
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

    @property
    def believes(self) -> str:
        """Who is asked."""
        return f"what {self._variables.url} answers"

    async def probe(self) -> list[ProbeResult]:
        """Ask without a session, or about a token that nobody has: the answer must be no."""
        url = self._variables.url
        question = self._questions.without_session()
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
            purpose="introspection",
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
