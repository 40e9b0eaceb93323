"""Who is asking: the chain of authenticators, and the rules that hold after any of them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import metrics
from app.errors import (
    AccessDenied,
    AuthenticatorFailed,
    AuthenticatorUnavailable,
    InvalidCredential,
    NoSession,
)
from app.identity import Identity, InvalidIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.authenticator import Authenticator
    from app.request import Request


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
        for name, authenticator in self.authenticators.items():
            request.context.authenticator = name
            started = time.perf_counter()
            try:
                identity = await self._ask(name, authenticator, request)
            finally:
                seconds = time.perf_counter() - started
                metrics.authentication_seconds(name).observe(seconds)
            if identity is not None:
                self._admit(identity)
                return identity
        request.context.authenticator = None
        raise NoSession("no authenticator found a credential of its kind")

    async def _ask(
        self, name: str, authenticator: Authenticator, request: Request
    ) -> Identity | None:
        try:
            if getattr(authenticator, "never_waits", False):
                identity = await authenticator(request)
            else:
                async with asyncio.timeout(self.timeout_seconds):
                    identity = await authenticator(request)
        except (InvalidCredential, AccessDenied, AuthenticatorUnavailable):
            raise
        except InvalidIdentity as error:
            raise InvalidCredential(str(error)) from error
        except TimeoutError as error:
            raise AuthenticatorUnavailable(f"{name} took too long") from error
        except Exception as error:  # the text may quote a credential: only the class is told
            raise AuthenticatorFailed(f"{name} raised {type(error).__name__}") from error
        if identity is not None and not isinstance(identity, Identity):
            raise AuthenticatorFailed(f"{name} returned {type(identity).__name__}")
        return identity

    def _admit(self, identity: Identity) -> None:
        if identity.expires_at is not None and identity.expires_at <= self.now():
            raise InvalidCredential("the session is over")
        if self.email_domains:
            domain = (identity.email or "").rpartition("@")[2].lower()
            if domain not in self.email_domains or identity.email_verified is False:
                raise AccessDenied("the e-mail address is of no allowed domain, or not verified")
        if not self.groups.issubset(identity.groups):
            raise AccessDenied("the user lacks a required group")
