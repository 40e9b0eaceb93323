"""What a token's header and claims must say (RFC 7519, RFC 8725)."""

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

_FORBIDDEN_MEMBERS: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
"""Members with which a token brings keys or rules of its own (RFC 7515, section 4.1; RFC 7797)."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a token holds, in epoch seconds and with the leeway; `expires_at` is without it."""

    begins: float
    ends: float
    expires_at: float

    def check(self, now: float) -> None:
        """Check that the token holds `now`.

        Raises:
            InvalidToken: it has expired, or does not hold yet.
        """
        if now >= self.ends:
            raise InvalidToken("it has expired")
        if now < self.begins:
            raise InvalidToken("it does not hold yet")

    def ends_for(self, now: float) -> int:
        """Return when the session ends, in whole epoch seconds.

        If `now` is past `exp` and within the leeway, our clock is assumed to be ahead.
        """
        return int(self.expires_at if now < int(self.expires_at) else self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an authenticator requires of a token.

    `None` for `issuers` or `audiences` switches that check off. A list as a wanted claim means any
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
        """Return the algorithm and the key's name, if there is one.

        Raises:
            InvalidToken: another algorithm or type, forbidden members, or an invalid key name.
        """
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self.algorithms:
            raise InvalidToken("its algorithm is not one that is configured")
        if header.keys() & _FORBIDDEN_MEMBERS:
            raise InvalidToken("its header brings keys or rules of its own")
        if header.get("typ", self.token_type) != self.token_type:
            raise InvalidToken("it is a token of another type")
        if "kid" in header and not (isinstance(key_id, str) and KEY_ID.fullmatch(key_id)):
            raise InvalidToken("its kid is not a valid name of a key")
        return algorithm, key_id

    def check_claims(self, claims: Mapping[str, Any]) -> Window:
        """Return when the token holds.

        Raises:
            InvalidToken: another issuer or audience, a required claim is missing or different, or a
                time is invalid.
        """
        if self.issuers is not None and not _is_any_of(claims.get("iss"), self.issuers):
            raise InvalidToken("it is from another issuer")
        if self.audiences is not None and not _names_any_of(claims.get("aud"), self.audiences):
            raise InvalidToken("it is for another audience")
        for name, wanted in self.wanted_claims.items():
            if not any(_is_same(find(claims, name), each) for each in _as_list(wanted)):
                raise InvalidToken(f"its claim {name} is not as required")
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
        raise InvalidToken(f"its {name} is not a valid time")
    return value


def _is_any_of(value: object, names: frozenset[str]) -> bool:
    return isinstance(value, str) and value in names


def _names_any_of(audience: object, names: frozenset[str]) -> bool:
    if isinstance(audience, list):
        strings = all(isinstance(each, str) for each in audience)
        return strings and not names.isdisjoint(audience)
    return _is_any_of(audience, names)


def _as_list(wanted: object) -> list[Any] | tuple[Any, ...]:
    return wanted if isinstance(wanted, list | tuple) else [wanted]


def _is_same(found: object, wanted: object) -> bool:
    return type(found) is type(wanted) and found == wanted  # otherwise 1 would equal true
