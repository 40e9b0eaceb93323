"""What a token must say of itself before its signature counts (RFC 7519, RFC 8725)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from app.claims import find
from app.tokens.jwks import KEY_ID
from app.tokens.jws import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Mapping

LATEST: Final = 253_402_300_799
"""The last second of the year 9999, in epoch seconds."""

_LEADING_ELSEWHERE: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
"""RFC 7515, section 4.1; RFC 7797: members that would bring keys or rules of the token's own."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a token holds, in epoch seconds, leeway included; `expires_at` is its own word."""

    begins: float
    ends: float
    expires_at: float

    def check(self, now: float) -> None:
        """Refuse a token before its time or after it.

        Raises:
            InvalidToken: it is not `now` that it holds.
        """
        if now >= self.ends:
            raise InvalidToken("it has expired")
        if now < self.begins:
            raise InvalidToken("it does not hold yet")

    def ends_for(self, now: float) -> int:
        """Tell when the session is over, in whole epoch seconds.

        A clock that is past `exp` already, but not past the leeway, is taken to be ahead.
        """
        return int(self.expires_at if now < int(self.expires_at) else self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an authenticator demands of a token.

    `issuers` and `audiences` None switch these checks off. A wanted claim that is a list means any
    of its items. `max_age_seconds` counts from `iat`, `max_lifetime_seconds` from `iat` to `exp`.
    """

    algorithms: frozenset[str]
    issuers: frozenset[str] | None
    audiences: frozenset[str] | None
    token_type: str = "JWT"
    wanted_claims: Mapping[str, Any] = field(default_factory=dict)
    leeway_seconds: int = 30
    max_age_seconds: int | None = None
    max_lifetime_seconds: int | None = None

    def check_header(self, header: Mapping[str, Any]) -> tuple[str, str | None]:
        """Give the algorithm and the key's name, if there is one.

        Raises:
            InvalidToken: another algorithm or type, keys or rules of its own, or no harmless name.
        """
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self.algorithms:
            raise InvalidToken("its algorithm is not one that is configured")
        if header.keys() & _LEADING_ELSEWHERE:
            raise InvalidToken("its header brings keys or rules of its own")
        if header.get("typ", self.token_type) != self.token_type:
            raise InvalidToken("it is a token of another type")
        if "kid" in header and not (isinstance(key_id, str) and KEY_ID.fullmatch(key_id)):
            raise InvalidToken("it names its key with what is no name")
        return algorithm, key_id

    def check_claims(self, claims: Mapping[str, Any]) -> Window:
        """Give when the token holds.

        Raises:
            InvalidToken: another issuer's, for another audience, without what is demanded, or with
                a time that is none.
        """
        if self.issuers is not None and not _is_any_of(claims.get("iss"), self.issuers):
            raise InvalidToken("it is of another issuer")
        if self.audiences is not None and not _names_any_of(claims.get("aud"), self.audiences):
            raise InvalidToken("it is for another audience")
        for name, wanted in self.wanted_claims.items():
            if not any(_is_same(find(claims, name), each) for each in _listed(wanted)):
                raise InvalidToken(f"its claim {name} is not what is demanded")
        return self._window(claims)

    def _window(self, claims: Mapping[str, Any]) -> Window:
        ends = expires_at = _time(claims, "exp")
        begins = max((_time(claims, name) for name in ("nbf", "iat") if name in claims), default=0)
        if self.max_lifetime_seconds is not None:
            lifetime_seconds = expires_at - _time(claims, "iat")
            if lifetime_seconds > self.max_lifetime_seconds:
                raise InvalidToken("it holds for longer than is allowed")
        if self.max_age_seconds is not None:
            ends = min(ends, _time(claims, "iat") + self.max_age_seconds)
        return Window(begins - self.leeway_seconds, ends + self.leeway_seconds, expires_at)


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"its {name} is not a number")
    if not 0 <= value <= LATEST:
        raise InvalidToken(f"its {name} is no time")
    return value


def _is_any_of(value: object, names: frozenset[str]) -> bool:
    return isinstance(value, str) and value in names


def _names_any_of(audience: object, names: frozenset[str]) -> bool:
    if isinstance(audience, list):
        strings = all(isinstance(each, str) for each in audience)
        return strings and not names.isdisjoint(audience)
    return _is_any_of(audience, names)


def _listed(wanted: object) -> list[Any] | tuple[Any, ...]:
    return wanted if isinstance(wanted, list | tuple) else [wanted]


def _is_same(found: object, wanted: object) -> bool:
    return type(found) is type(wanted) and found == wanted  # or 1 would be true
