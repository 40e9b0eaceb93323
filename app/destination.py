"""A destination: one page of a vendor, as a value."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, quote, urlencode
from uuid import uuid4

from app.addresses import origin_of
from app.claims import MISSING, Template, find
from app.errors import InvalidParameter, LocationTooLong, MissingClaim, UnknownPage
from app.tokens import SigningKey, sign

if TYPE_CHECKING:
    from app.identity import Identity

ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""What an id in a path may be: at most 64 characters, none that means something in an address."""

PARAMETER: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]{1,256}")
"""What a forwarded query parameter may be: text of 1 to 256 characters without controls."""

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
"""The placeholders that an identity provides, besides `claims.…`; `external_id` is the subject
where it is not the e-mail address."""

TOKEN_NAMES: Final = ("issued_at", "expires_at", "token_id")
"""The placeholders that every token provides: RFC 7519 `iat`, `exp` in epoch seconds, `jti`."""

TEMPLATE_NAMES: Final = (*IDENTITY_NAMES, *TOKEN_NAMES, "claims.", "path.", "integration.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One page of a vendor: what differs between vendors is strings, and they stand here.

    `route` is the path of ours, `address` the vendor's, both with `{name}` for the ids of `ids`.
    `offered` is the table of what may be installed, by the first id; its entry fills
    `{integration.…}`. `lifetime_seconds` None means a token without `exp`; `clock_skew_seconds`
    is how far `iat` lies in the past, for vendors whose clock is behind.
    """

    name: str
    page: str
    route: str
    address: str
    token_parameter: str
    key: SigningKey
    claims: Template
    required: tuple[str, ...]
    ids: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    offered: Mapping[str, Mapping[str, Any]] | None = None
    forwarded: tuple[str, ...] = ()
    lifetime_seconds: int | None = None
    clock_skew_seconds: int = 5
    max_location_bytes: int = 8000
    anonymous: bool = False
    now: Callable[[], float] = time.time

    @property
    def origin(self) -> str:
        """The vendor's origin, which frames and messages are checked against."""
        return origin_of(self.address)

    def check_ids(self, ids: Mapping[str, str]) -> None:
        """Refuse ids of a path that are none.

        Raises:
            UnknownPage: an id that does not match its pattern, or is not offered.
        """
        for name, value in ids.items():
            if not self.ids[name].fullmatch(value):
                raise UnknownPage(f"{name} does not have the shape of one")
            if self.offered is not None and value not in self.offered:
                raise UnknownPage(f"{name} is not offered")

    def checked_parameters(self, query: str) -> dict[str, str]:
        """Give those parameters of a query string that are forwarded; the others are dropped.

        Raises:
            InvalidParameter: a forwarded one twice, or with a value that none may have.
        """
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
            if name not in self.forwarded:
                continue
            if name in parameters:
                raise InvalidParameter(f"{name} is given twice")
            if not PARAMETER.fullmatch(value):
                raise InvalidParameter(f"{name} has a value that none may have")
            parameters[name] = value
        return parameters

    def claims_for(self, identity: Identity, ids: Mapping[str, str]) -> dict[str, Any]:
        """Fill the claim template.

        Raises:
            MissingClaim: the identity lacks what the vendor requires.
        """
        rendered = self.claims(self._values(identity, ids))
        claims: dict[str, Any] = {} if rendered is MISSING else rendered
        for name in self.required:
            if find(claims, name) is MISSING:
                raise MissingClaim(name, wanted="value for it")
        return claims

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Give the token for `claims`."""
        return sign(claims, self.key)

    def location(self, token: str, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Give the address that signs the user on.

        It ends with an empty fragment of its own, so that one on our address is not inherited
        (RFC 9110, section 10.2.2).

        Raises:
            LocationTooLong: longer than `max_location_bytes`.
        """
        location = self._address(ids, {**parameters, self.token_parameter: token}) + "#"
        if len(location) > self.max_location_bytes:
            raise LocationTooLong(f"{len(location)} bytes, {self.max_location_bytes} allowed")
        return location

    def anonymous_location(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Give the vendor's address without a token, for visitors who only look around."""
        return self._address(ids, parameters) + "#"

    def path(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Give our own path to this page, to come back to after a login."""
        path = _filled(self.route, ids)
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def _address(self, ids: Mapping[str, str], query: Mapping[str, str]) -> str:
        address = _filled(self.address, ids)
        if not query:
            return address
        return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"

    def _values(self, identity: Identity, ids: Mapping[str, str]) -> dict[str, Any]:
        now = int(self.now())
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
            "groups": identity.groups,
            "claims": identity.claims,
            "path": ids,
            "integration": self._integration(ids),
            "issued_at": now - self.clock_skew_seconds,
            "expires_at": self._expires_at(now, identity),
            "token_id": str(uuid4()),
        }

    def _integration(self, ids: Mapping[str, str]) -> Mapping[str, Any]:
        return self.offered[next(iter(ids.values()))] if self.offered is not None else {}

    def _expires_at(self, now: int, identity: Identity) -> int | None:
        if self.lifetime_seconds is None:
            return None
        end = now + self.lifetime_seconds
        return end if identity.expires_at is None else min(end, identity.expires_at)


def _filled(template: str, ids: Mapping[str, str]) -> str:
    for name, value in ids.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template
