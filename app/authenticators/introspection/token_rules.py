"""What a token server must say of an active token (RFC 7662, section 2.2)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from app.authenticators.introspection.variables import OFF
from app.authenticators.token_kind import check_is_access_token, check_is_of_a_user
from app.errors import Cause, InvalidCredential, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.authenticators.introspection.variables import IntrospectionVariables

LEEWAY_SECONDS: Final = 30
"""How far the clock of the token server may be ahead of ours, for `nbf`."""

_WRONG: Final = {
    Cause.WRONG_ISSUER: ("is from another issuer", "ISSUER"),
    Cause.WRONG_AUDIENCE: ("is for another audience", "AUDIENCE"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    """What the answer must say: that a server calls a token active does not make it one for us.

    `None` switches a check off. `prefix` is that of the variables. `now` returns epoch seconds.
    """

    issuers: frozenset[str] | None
    audiences: frozenset[str] | None
    scopes: frozenset[str]
    prefix: str = ""
    now: Callable[[], float] = time.time

    def check(self, claims: Mapping[str, Any]) -> None:
        """Check that a token is active, a user's access token, for us, and holds already.

        Raises:
            InvalidCredential: it is not.
        """
        if claims.get("active") is not True:
            raise InvalidCredential("the token is not active", cause=Cause.EXPIRED)
        check_is_access_token(claims)
        check_is_of_a_user(claims)
        if self.issuers is not None and not self.issuers & _strings(claims.get("iss")):
            self._refuse(Cause.WRONG_ISSUER, claims.get("iss"), self.issuers)
        if self.audiences is not None and not self.audiences & _strings(claims.get("aud")):
            self._refuse(Cause.WRONG_AUDIENCE, claims.get("aud"), self.audiences)
        if not self.scopes <= _scopes(claims.get("scope")):
            raise InvalidCredential(
                f"the token lacks a scope: wanted {shown(self.scopes)} ({self.prefix}SCOPE)"
            )
        self._check_holds_already(claims.get("nbf"))

    def _check_holds_already(self, begins: object) -> None:
        if begins is None:
            return
        if isinstance(begins, bool) or not isinstance(begins, int | float):
            raise InvalidCredential("claim nbf is not a number")
        if begins > self.now() + LEEWAY_SECONDS:
            raise InvalidCredential("the token does not hold yet (nbf)", cause=Cause.NOT_YET_VALID)

    def _refuse(self, cause: Cause, found: object, wanted: frozenset[str]) -> None:
        wrong, variable = _WRONG[cause]
        told = f"found {shown(found)}, wanted {shown(wanted)} ({self.prefix}{variable})"
        raise InvalidCredential(f"the token {wrong}: {told}", cause=cause)


def token_rules(
    variables: IntrospectionVariables, *, prefix: str, now: Callable[[], float]
) -> TokenRules:
    """Return the rules that the variables make."""
    return TokenRules(
        issuers=_unless_off(variables.issuer),
        audiences=_unless_off(variables.audience),
        scopes=_unless_off(variables.scope) or frozenset(),
        prefix=prefix,
        now=now,
    )


def switched_off(variables: IntrospectionVariables, prefix: str) -> tuple[str, ...]:
    """Return the variables that switch a check off."""
    names = ("issuer", "audience")
    return tuple(f"{prefix}{name.upper()}" for name in names if getattr(variables, name) == (OFF,))


def _unless_off(names: tuple[str, ...]) -> frozenset[str] | None:
    return None if names == (OFF,) else frozenset(names)


def _strings(value: object) -> frozenset[str]:
    """Return a claim that is a string or a list of strings; nothing for any other."""
    values: list[object] = value if isinstance(value, list) else [value]
    strings = [each for each in values if isinstance(each, str)]
    return frozenset(strings if len(strings) == len(values) else ())


def _scopes(value: object) -> frozenset[str]:
    """Return the scopes: a text with blanks between them (RFC 6749, section 3.3), or a list."""
    return frozenset(value.split(" ")) if isinstance(value, str) else _strings(value)
