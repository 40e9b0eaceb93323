"""Who is asking: the chain of authenticators, and the rules that hold after any of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from types import coroutine
from typing import TYPE_CHECKING, Any

from app.errors import (
    AccessDenied,
    AuthenticatorFailed,
    AuthenticatorUnavailable,
    InvalidCredential,
    NoSession,
    SignOnError,
)
from app.identity import Identity, InvalidIdentity
from app.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping

    from app.authenticators.contract import Authenticator
    from app.resources.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Authentication:
    """Asks the authenticators in order; the first that knows the user decides.

    `email_domains` (lower case) and `groups` refuse everybody else where they are set: the domain
    must be one of them, and the user be in all of the groups.
    """

    authenticators: Mapping[str, Authenticator]
    timeout_seconds: float
    email_domains: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    now: Callable[[], float] = time.time

    async def __call__(self, request: Request) -> Identity:
        """Give the identity behind a request.

        Raises:
            NoSession: no authenticator found a credential of its kind.
            InvalidCredential, AccessDenied, AuthenticatorUnavailable: the contract's outcomes.
            AuthenticatorFailed: anything that the contract does not know.
        """
        for name in self.authenticators:
            request.context.authenticator = name
            try:
                identity = await self._answer_of(name, request)
            except (InvalidCredential, AccessDenied, AuthenticatorUnavailable):
                raise
            except Exception as error:
                raise _outcome(name, error) from error
            if isinstance(identity, Identity):
                self._admit(identity)
                return identity
            if identity is not None:
                raise AuthenticatorFailed(f"{name} returned {type(identity).__name__}")
        request.context.authenticator = None
        raise NoSession("no authenticator found a credential of its kind")

    async def _answer_of(self, name: str, request: Request) -> object:
        """Ask one. Its time is taken, and bounded, only where it waits for somebody else."""
        asked = self.authenticators[name](request)
        try:
            awaited = asked.send(None)
        except StopIteration as answer:
            return answer.value
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.timeout_seconds):
                return await _resumed(asked, awaited)
        finally:
            seconds = time.perf_counter() - started
            metrics.authentication_seconds(name).observe(seconds)

    def _admit(self, identity: Identity) -> None:
        if identity.expires_at is not None and identity.expires_at <= self.now():
            raise InvalidCredential("the session is over")
        if self.email_domains:
            domain = (identity.email or "").rpartition("@")[2].lower()
            if domain not in self.email_domains or identity.email_verified is False:
                raise AccessDenied("the e-mail address is of no allowed domain, or not verified")
        if not self.groups.issubset(identity.groups):
            raise AccessDenied("the user lacks a required group")


@coroutine
def _resumed(begun: Coroutine[Any, Any, object], awaited: object) -> Generator[object, Any, object]:
    """Go on with a coroutine that has begun to wait, as `yield from` would (PEP 380)."""
    while True:
        try:
            sent = yield awaited
        except BaseException as error:  # noqa: BLE001 - whatever it is, a cancellation too, it gets it
            step = partial(begun.throw, error)
        else:
            step = partial(begun.send, sent)
        try:
            awaited = step()
        except StopIteration as answer:
            return answer.value


def _outcome(name: str, error: Exception) -> SignOnError:
    """Give what an exception means that is none of the contract's outcomes."""
    if isinstance(error, InvalidIdentity):
        return InvalidCredential(str(error))
    if isinstance(error, TimeoutError):
        return AuthenticatorUnavailable(f"{name} took too long")
    # Its text may quote a credential: only the class is told.
    return AuthenticatorFailed(f"{name} raised {type(error).__name__}")
