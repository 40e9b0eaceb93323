"""Ask the authenticators in turn, and apply the rules that hold after any of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    import falcon.asgi

    from app.authenticators.contract import Authenticator


@dataclass(frozen=True, slots=True)
class HostSession:
    """Who is signed in to the host application, and the name of the authenticator that knows."""

    identity: Identity
    authenticator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Authenticators by name, in order; the first one that knows the user decides.

    `email_domains` (lower case) and `groups` refuse all other users where they are set: the domain
    must be one of them, and the user be in all of the groups. `now` returns epoch seconds.
    """

    authenticators: Mapping[str, Authenticator]
    timeout_seconds: float
    email_domains: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    now: Callable[[], float] = time.time

    async def __call__(self, request: falcon.asgi.Request) -> HostSession:
        """Return the host session behind a request.

        Raises:
            NoSession: no authenticator found a credential of its kind.
            InvalidCredential, AccessDenied, AuthenticatorUnavailable: the contract's outcomes.
            AuthenticatorFailed: the authenticator broke its contract.

        All but NoSession carry the name of the authenticator.
        """
        for name in self.authenticators:
            try:
                identity = await self._ask(name, request)
                if identity is not None:
                    self._admit(identity)
                    return HostSession(identity, name)
            except SignOnError as error:
                error.authenticator = name
                raise
        raise NoSession("no authenticator found a credential of its kind")

    async def _ask(self, name: str, request: falcon.asgi.Request) -> Identity | None:
        started = time.perf_counter()
        authenticator = self.authenticators[name]
        # A deadline takes 5 % of a sign-on; who waits for nobody needs none.
        immediate = getattr(authenticator, "immediate", False)
        try:
            async with nullcontext() if immediate else asyncio.timeout(self.timeout_seconds):
                answer: object = await authenticator(request)
        except (InvalidCredential, AccessDenied, AuthenticatorUnavailable):
            raise
        except InvalidIdentity as error:
            raise InvalidCredential(str(error)) from error
        except TimeoutError as error:
            raise AuthenticatorUnavailable(f"{name} took too long") from error
        except Exception as error:
            # Its text may quote a credential: only the class is told.
            raise AuthenticatorFailed(f"{name} raised {type(error).__name__}") from error
        finally:
            metrics.authentication_seconds(name).observe(time.perf_counter() - started)
        if answer is None or isinstance(answer, Identity):
            return answer
        raise AuthenticatorFailed(f"{name} returned {type(answer).__name__}")

    def _admit(self, identity: Identity) -> None:
        if identity.expires_at is not None and identity.expires_at <= self.now():
            raise InvalidCredential("the session is over")
        if self.email_domains:
            domain = (identity.email or "").rpartition("@")[2].lower()
            if domain not in self.email_domains or identity.email_verified is False:
                raise AccessDenied("the domain of the e-mail address is not allowed, or unverified")
        if not self.groups.issubset(identity.groups):
            raise AccessDenied("the user lacks a required group")
