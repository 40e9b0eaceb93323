"""What a token's header and claims must say (RFC 7519, RFC 8725)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from app.authenticators.claim_values import LATEST
from app.claims import find
from app.errors import Cause, shown
from app.tokens.jwks import MAX_KEY_ID_CHARACTERS, is_key_id
from app.tokens.jws import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN_MEMBERS: Final = frozenset({"crit", "b64", "zip"})
"""Members that change how a token is read (RFC 7515, section 4.1.11; RFC 7797; RFC 7516, section
4.1.3). Those that bring or name a key (`jwk`, `jku`, `x5u`, `x5c`) are never looked at."""


def normal_type(name: str) -> str:
    """Return a `typ` as it is compared: without case and `application/` (RFC 7515, 4.1.9)."""
    return name.lower().removeprefix("application/")


@dataclass(frozen=True, slots=True)
class Window:
    """When a token holds, in epoch seconds and with the leeway.

    `expires_at` is the end of the session, in whole seconds and without the leeway: the clock of
    whoever reads what is minted may be right.
    """

    begins: float
    ends: float
    expires_at: int

    def check(self, now: float) -> None:
        """Check that the token holds `now`.

        Raises:
            InvalidToken: it has expired, or does not hold yet.
        """
        if now >= self.ends:
            raise InvalidToken("it has expired", cause=Cause.EXPIRED)
        if now < self.begins:
            raise InvalidToken("it does not hold yet", cause=Cause.NOT_YET_VALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an authenticator requires of a token.

    `None` for `issuers` or `audiences` switches that check off. A list as a wanted claim means any
    of its items. `max_age_seconds` counts from `iat`, `max_lifetime_seconds` from `iat` to `exp`.
    `token_types` are normal ones. `prefix` is that of the variables, for reasons.
    """

    algorithms: frozenset[str]
    issuers: frozenset[str] | None
    audiences: frozenset[str] | None
    token_types: frozenset[str] = frozenset({"jwt"})
    wanted_claims: Mapping[str, Any] = field(default_factory=dict)
    leeway_seconds: int = 30
    max_age_seconds: int | None = None
    max_lifetime_seconds: int | None = None
    prefix: str = ""

    def summary(self) -> str:
        """Return who must have made a token, and for whom."""
        parts = [f"signed {', '.join(sorted(self.algorithms))}"]
        for word, names in (("by", self.issuers), ("for", self.audiences)):
            parts += [f"{word} {', '.join(sorted(names))}"] if names else []
        parts += [f"with {name} {shown(wanted)}" for name, wanted in self.wanted_claims.items()]
        return ", ".join(parts)

    def check_header(self, header: Mapping[str, Any]) -> tuple[str, str | None]:
        """Return the algorithm and the key's name, if there is one.

        Raises:
            InvalidToken: another algorithm or type, forbidden members, or an invalid key name.
        """
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in self.algorithms:
            told = self._told(algorithm, self.algorithms, "ALGORITHMS")
            raise InvalidToken(f"its algorithm is not one that is configured: {told}")
        if brought := header.keys() & _FORBIDDEN_MEMBERS:
            raise InvalidToken(f"its header brings rules of its own: {shown(brought)}")
        if "typ" in header and not self._is_of_our_type(header["typ"]):
            told = self._told(header["typ"], self.token_types, "TOKEN_TYPE")
            raise InvalidToken(f"it is a token of another type: {told}", cause=Cause.WRONG_TYPE)
        if "kid" in header and not is_key_id(key_id):
            raise InvalidToken(
                "its kid is not a valid name of a key: a string of at most "
                f"{MAX_KEY_ID_CHARACTERS} characters"
            )
        return algorithm, key_id

    def check_claims(self, claims: Mapping[str, Any]) -> Window:
        """Return when the token holds.

        Raises:
            InvalidToken: another issuer or audience, a required claim is missing or different, or a
                time is invalid.
        """
        if self.issuers is not None and not _is_any_of(claims.get("iss"), self.issuers):
            told = self._told(claims.get("iss"), self.issuers, "ISSUER")
            raise InvalidToken(f"it is from another issuer: {told}", cause=Cause.WRONG_ISSUER)
        if self.audiences is not None and not _names_any_of(claims.get("aud"), self.audiences):
            told = self._told(claims.get("aud"), self.audiences, "AUDIENCE")
            raise InvalidToken(f"it is for another audience: {told}", cause=Cause.WRONG_AUDIENCE)
        for name, wanted in self.wanted_claims.items():
            if not any(_is_same(find(claims, name), each) for each in _as_list(wanted)):
                variable = f"{self.prefix}REQUIRED_CLAIMS"
                raise InvalidToken(f"its claim {name} is not as required ({variable})")
        return self._window(claims)

    def _is_of_our_type(self, found: object) -> bool:
        return isinstance(found, str) and normal_type(found) in self.token_types

    def _told(self, found: object, wanted: frozenset[str], variable: str) -> str:
        return f"found {shown(found)}, wanted {shown(wanted)} ({self.prefix}{variable})"

    def _window(self, claims: Mapping[str, Any]) -> Window:
        expires_at = _time(claims, "exp")
        begins = max((_time(claims, name) for name in ("nbf", "iat") if name in claims), default=0)
        if self.max_lifetime_seconds is not None:
            lifetime_seconds = expires_at - _time(claims, "iat")
            if lifetime_seconds > self.max_lifetime_seconds:
                variable = f"{self.prefix}MAX_LIFETIME_SECONDS"
                raise InvalidToken(f"it holds for longer than is allowed ({variable})")
        if self.max_age_seconds is not None:
            expires_at = min(expires_at, _time(claims, "iat") + self.max_age_seconds)
        leeway = self.leeway_seconds
        return Window(begins - leeway, expires_at + leeway, int(expires_at))


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
