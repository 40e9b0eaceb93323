"""Ask the authenticators in turn, and apply the rules that hold after any of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from app.authenticators.claim_values import groups_left_out
from app.errors import (
    AccessDenied,
    AuthenticatorFailed,
    AuthenticatorUnavailable,
    Cause,
    InvalidCredential,
    NoSession,
    SignOnError,
    shown,
)
from app.identity import Identity, InvalidIdentity, email_domain
from app.telemetry import metrics, tracing

if TYPE_CHECKING:
    import falcon.asgi

    from app.authenticators.contract import Authenticator


class HostSession(NamedTuple):
    """Who is signed in to the host application, and the name of the authenticator that knows."""

    identity: Identity
    authenticator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Authenticators by name, in order; the first one that knows the user decides.

    `email_domains` (lower case) and `groups` refuse all other users where they are set: the domain
    must be one of them, and the user be in all of the groups. `now` returns epoch seconds.
    An authenticator's `leeway_seconds`, if it has them, are how long after the end of a session it
    still counts.
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
                    self._check_is_not_over(name, identity)
                    self._admit(identity)
                    return HostSession(identity, name)
            except SignOnError as error:
                error.authenticator = name
                raise
        unknown = getattr(request.context, "untrusted_peer", False)
        raise NoSession(
            "no authenticator found a credential of its kind",
            cause=Cause.UNTRUSTED_PEER if unknown else Cause.OTHER,
        )

    async def _ask(self, name: str, request: falcon.asgi.Request) -> Identity | None:
        authenticator = self.authenticators[name]
        try:
            if getattr(authenticator, "immediate", False):
                # A deadline and a measurement are 10 % of a sign-on; who never waits needs none.
                answer: object = await authenticator(request)
            else:
                with (
                    metrics.authentication_seconds(name).time(),
                    tracing.step("authenticate", {"sso.authenticator": name}),
                ):
                    async with asyncio.timeout(self.timeout_seconds):
                        answer = await authenticator(request)
        except (InvalidCredential, AccessDenied, AuthenticatorUnavailable):
            raise
        except InvalidIdentity as error:
            raise InvalidCredential(str(error)) from error
        except TimeoutError as error:
            raise AuthenticatorUnavailable(f"{name} took too long") from error
        except Exception as error:
            # Its text may quote a credential: only the class is told.
            raise AuthenticatorFailed(f"{name} raised {type(error).__name__}") from error
        if answer is None or isinstance(answer, Identity):
            return answer
        raise AuthenticatorFailed(f"{name} returned {type(answer).__name__}")

    def _check_is_not_over(self, name: str, identity: Identity) -> None:
        """Refuse a session that is over. An authenticator may allow for clocks that differ."""
        leeway_seconds: float = getattr(self.authenticators[name], "leeway_seconds", 0)
        if identity.expires_at is not None and identity.expires_at + leeway_seconds <= self.now():
            raise InvalidCredential("the session is over", cause=Cause.EXPIRED)

    def _admit(self, identity: Identity) -> None:
        if self.email_domains:
            self._check_domain(identity)
        missing = self.groups.difference(identity.groups)
        if missing:
            raise AccessDenied(_lacks(missing, identity))

    def _check_domain(self, identity: Identity) -> None:
        domain = email_domain(identity.email)
        if identity.email_verified is False:
            raise AccessDenied(
                "the e-mail address is not verified, so its domain does not count "
                "(SSO_ALLOWED_EMAIL_DOMAINS)"
            )
        if domain not in self.email_domains:
            found = f"is {shown(domain)}" if domain else "is missing: there is no e-mail address"
            raise AccessDenied(
                f"the domain of the e-mail address {found}; allowed: {shown(self.email_domains)} "
                "(SSO_ALLOWED_EMAIL_DOMAINS)"
            )


def _lacks(missing: frozenset[str], identity: Identity) -> str:
    reason = f"the user lacks a required group: {shown(missing)} (SSO_REQUIRED_GROUPS); "
    left_out = groups_left_out(identity.claims)
    if left_out is not None:
        return (
            f"{reason}the login has left the groups out because there are too many "
            f"({left_out}): let it send the groups of the application only, or roles, with "
            "GROUPS_CLAIM=roles"
        )
    return f"{reason}found: {shown(identity.groups) if identity.groups else 'no groups'}"
