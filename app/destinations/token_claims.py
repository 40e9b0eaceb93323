"""What a token says: the values that claim templates may use, and the claims they give."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from app.claims import MISSING, Template, find
from app.errors import MissingClaim

if TYPE_CHECKING:
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

TEMPLATE_NAMES: Final = (*IDENTITY_NAMES, *TOKEN_NAMES, "claims.", "path.", "integration.")

_NUMBER: Final = re.compile(r"[0-9]{1,32}(\.[0-9]{1,32})?")

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenClaims:
    """The claims of a destination's tokens.

    `required` are dotted names of claims that the vendor needs. `lifetime_seconds` None means no
    `exp`. `clock_skew_seconds` sets `iat` back, for vendors whose clock is behind.
    """

    template: Template
    required: tuple[str, ...] = ()
    lifetime_seconds: int | None = None
    clock_skew_seconds: int = 5
    now: Callable[[], float] = time.time

    def for_identity(
        self,
        identity: Identity,
        *,
        path: Mapping[str, str] = _NOTHING,
        parameter: Mapping[str, str] = _NOTHING,
        integration: Mapping[str, Any] = _NOTHING,
    ) -> dict[str, Any]:
        """Fill the template; the keyword arguments are what `{path.…}` and so on stand for.

        Raises:
            MissingClaim: the identity lacks what the vendor requires.
        """
        request = {"path": path, "parameter": parameter, "integration": integration}
        rendered = self.template(
            {**_values_of(identity), **self._values_of_token(identity), **request}
        )
        claims: dict[str, Any] = {} if rendered is MISSING else rendered
        if "exp" in claims:
            claims["exp"] = _no_later(claims["exp"], identity.expires_at)
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


def _no_later(exp: object, end: int | None) -> int:
    """Return `exp`, however a template wrote it, capped by the end of the host session.

    Raises:
        MissingClaim: it is not a number (RFC 7519, section 4.1.4).
    """
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
