"""What a token says: the values that claim templates may use, and the claims they give."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import uuid_utils as uuid

from app.claims import MISSING, Template, find
from app.errors import MissingClaim

if TYPE_CHECKING:
    from app.destinations.claim_maps import ClaimMap
    from app.identity import Identity

IDENTITY_NAMES: Final = (
    "subject",
    "external_id",
    "issuer",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "org_id",
    "org_name",
    "groups",
)
"""Placeholders that an identity fills, besides `claims.…`; `external_id` is the subject, unless
that is the e-mail address."""

TOKEN_NAMES: Final = ("now", "issued_at", "expires_at", "token_id")
"""Placeholders that every token fills: the time, `iat` and `exp` in epoch seconds, and `jti` (RFC
7519, section 4.1)."""

INTEGRATION_NAMES: Final = (*IDENTITY_NAMES, *TOKEN_NAMES, "claims.", "path.", "map.")
"""Placeholders that the entry of an integration may use."""

TEMPLATE_NAMES: Final = (*INTEGRATION_NAMES, "integration.")

_NUMBER: Final = re.compile(r"[0-9]{1,32}(\.[0-9]{1,32})?")

_MOST_DIGITS: Final = 15
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """The claims of a destination's tokens.

    `required` are dotted names of claims that the vendor needs. `lifetime_seconds` None means no
    `exp`. `clock_skew_seconds` sets `iat` back, for vendors whose clock is behind. `maps` give
    `{map.…}`, and `integrations` `{integration.…}`, by the one id of the path.
    """

    template: Template
    required: tuple[str, ...] = ()
    lifetime_seconds: int | None = None
    clock_skew_seconds: int = 5
    maps: Mapping[str, ClaimMap] = field(default_factory=dict)
    integrations: Mapping[str, Template] = field(default_factory=dict)
    now: Callable[[], float] = time.time

    def values_for(
        self,
        identity: Identity,
        path: Mapping[str, str] = _NOTHING,
        parameter: Mapping[str, str] = _NOTHING,
    ) -> dict[str, Any]:
        """Return what the placeholders of a template stand for."""
        values = {
            **_values_of(identity),
            **self._values_of_token(identity),
            "path": path,
            "parameter": parameter,
            "map": _NOTHING,
            "integration": _NOTHING,
        }
        if self.maps:
            values["map"] = {name: each(values) for name, each in self.maps.items()}
        if self.integrations:
            rendered = self.integrations[next(iter(path.values()))](values)
            values["integration"] = _NOTHING if rendered is MISSING else rendered
        return values

    def filled(self, values: Mapping[str, Any], *, ends_at: int | None) -> dict[str, Any]:
        """Return the claims of a token; the host session ends at `ends_at`, in epoch seconds.

        Raises:
            MissingClaim: the identity lacks what the vendor requires.
        """
        rendered = self.template(values)
        claims: dict[str, Any] = {} if rendered is MISSING else rendered
        if "exp" in claims:
            claims["exp"] = _no_later(claims["exp"], ends_at)
        for name in self.required:
            if find(claims, name) is MISSING:
                raise MissingClaim(name, wanted="value for it")
        return claims

    def _values_of_token(self, identity: Identity) -> dict[str, Any]:
        now = int(self.now())
        return {
            "now": now,
            "issued_at": now - self.clock_skew_seconds,
            "expires_at": self._expires_at(now, identity),
            "token_id": str(uuid.uuid4()),
        }

    def _expires_at(self, now: int, identity: Identity) -> int | None:
        if self.lifetime_seconds is None:
            return None
        end = now + self.lifetime_seconds
        return end if identity.expires_at is None else min(end, identity.expires_at)


def merged(template: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the members of `over` into `template`, object by object; `null` removes a member."""
    result = dict(template)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def _no_later(exp: object, end: int | None) -> int:
    """Return `exp`, however a template wrote it, capped by the end of the host session.

    Raises:
        MissingClaim: it is not a number (RFC 7519, section 4.1.4).
    """
    if isinstance(exp, str) and exp.isascii() and exp.isdigit():
        exp = int(exp[:_MOST_DIGITS])
    if isinstance(exp, bool) or not isinstance(exp, int | float):
        raise MissingClaim("exp", wanted="number of seconds for it")
    return int(exp) if end is None else min(int(exp), end)


def _values_of(identity: Identity) -> dict[str, Any]:
    return {
        "subject": identity.subject,
        "external_id": None if identity.subject == identity.email else identity.subject,
        "issuer": identity.issuer,
        "email": identity.email,
        "email_verified": identity.email_verified,
        "name": identity.name,
        "given_name": identity.given_name,
        "family_name": identity.family_name,
        "org_id": identity.org_id,
        "org_name": identity.org_name,
        "groups": list(identity.groups) or None,
        "claims": identity.claims,
    }
