"""A payload that arrives at a service, and what becomes of it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from app.authenticators.chain import Chain
from app.errors import SignOnError
from app.identity import Identity
from app.testing import FakeIdentityProvider, make_request
from tests.authenticators.introspection.hosts import running
from tests.in_process import Load
from tests.logins.payloads import PEER, Headers, Payload
from tests.samples import PANDIUM


class Login:
    """A payload and the service that it comes to."""

    def __init__(self, load: Load, provider: FakeIdentityProvider) -> None:
        self._load = load
        self._provider = provider

    async def outcome(
        self, payload: Payload, headers: Headers, *, peer: str = PEER, later: float = 0
    ) -> Identity | str:
        """Return the identity that comes of it, or the code of the refusal."""
        async with AsyncExitStack() as stack:
            variables = payload.variables()
            if payload.kind == "token":
                variables |= payload.served(self._provider)
            if payload.kind == "answer":
                host = await stack.enter_async_context(running(payload.answer()))
                variables[f"{payload.prefix}URL"] = host.url
            now = payload.now + later
            config = self._load(PANDIUM, variables, now=lambda: now)
            authenticator: Any = config.authenticators[payload.preset]
            if start := getattr(authenticator, "start", None):
                await start()
                stack.push_async_callback(authenticator.stop)
            ask = Chain(authenticators=config.authenticators, timeout_seconds=5, now=lambda: now)
            try:
                return (await ask(make_request(headers, peer=peer))).identity
            except SignOnError as error:
                return error.code
