"""A destination: one page of a vendor, as a value."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import urandom
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from app.claims import MISSING, Template, find
from app.errors import InvalidParameter, LocationTooLong, MissingClaim, UnknownPage
from app.settings.addresses import origin_of
from app.tokens.jws import SigningKey, sign

if TYPE_CHECKING:
    from app.identity import Identity

Delivery = Literal["redirect", "form", "json"]
"""How the token travels: in the address of a 307, in a form that posts itself, or as JSON."""

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

TOKEN_NAMES: Final = ("now", "issued_at", "expires_at", "token_id")
"""The placeholders that every token provides: the time, RFC 7519 `iat` and `exp` in epoch seconds,
and `jti`."""

TEMPLATE_NAMES: Final = (*IDENTITY_NAMES, *TOKEN_NAMES, "claims.", "path.", "integration.")


_VARIANTS: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""Of a hexadecimal digit, the one with its lower two bits behind the variant of a UUID."""


class Handoff(NamedTuple):
    """Where a token goes: an address, and the fields to post there, if any."""

    url: str
    fields: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One page of a vendor: what differs between vendors is strings, and they stand here.

    `root` is the path of ours under which the vendor's pages stand, `route` this page's, `address`
    the vendor's own, both with `{name}` for the ids of `ids`; `address` and `fragment` may have
    `{token}`, or else `token_parameter` carries it. `parameters` are those of a request that are
    known, `forwarded` those of them that are passed on.
    `offered` is the table of what may be installed, by the first id; its entry fills
    `{integration.…}`. `lifetime_seconds` None means a token without `exp`; `clock_skew_seconds`
    is how far `iat` lies in the past, for vendors whose clock is behind.
    """

    name: str
    page: str
    root: str
    route: str
    address: str
    token_parameter: str | None
    key: SigningKey
    public_jwks: tuple[Mapping[str, str], ...] = ()
    claims: Template
    required: tuple[str, ...]
    ids: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    offered: Mapping[str, Mapping[str, Any]] | None = None
    parameters: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    forwarded: frozenset[str] = frozenset()
    fragment: str = ""
    delivery: Delivery = "redirect"
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
        """Give those parameters of a query string that are known; the others are dropped.

        Raises:
            InvalidParameter: a known one twice, or with a value that it may not have.
        """
        if not query:
            return {}
        parameters: dict[str, str] = {}
        for name, value in parse_qsl(query, keep_blank_values=True, errors="replace"):
            if name not in self.parameters:
                continue
            if name in parameters:
                raise InvalidParameter(f"{name} is given twice")
            if not self.parameters[name].fullmatch(value):
                raise InvalidParameter(f"{name} has a value that none may have")
            parameters[name] = value
        return parameters

    def claims_for(
        self,
        identity: Identity,
        ids: Mapping[str, str],
        parameters: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """Fill the claim template.

        Raises:
            MissingClaim: the identity lacks what the vendor requires.
        """
        rendered = self.claims(self._values(identity, ids, parameters))
        claims: dict[str, Any] = {} if rendered is MISSING else rendered
        for name in self.required:
            if name not in claims and find(claims, name) is MISSING:
                raise MissingClaim(name, wanted="value for it")
        return claims

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Give the token for `claims`."""
        return sign(claims, self.key)

    def location(self, token: str, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Give the address that signs the user on.

        It ends with a fragment of its own, mostly an empty one, so that one on our address is not
        inherited (RFC 9110, section 10.2.2).

        Raises:
            LocationTooLong: longer than `max_location_bytes`.
        """
        location = self._address({**ids, "token": token}, parameters, token)
        if len(location) > self.max_location_bytes:
            raise LocationTooLong(f"{len(location)} bytes, {self.max_location_bytes} allowed")
        return location

    def anonymous_location(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Give the vendor's address without a token, for visitors who only look around."""
        return self._address(ids, parameters, None)

    def handoff(self, token: str, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return where the token goes."""
        if self.delivery == "redirect":
            return Handoff(self.location(token, ids, parameters))
        fields = self.passed_on(parameters)
        fields[str(self.token_parameter)] = token
        return Handoff(self.form_action(ids), fields)

    def anonymous_handoff(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return the vendor's address without a token."""
        return Handoff(self.anonymous_location(ids, parameters))

    def form_action(self, ids: Mapping[str, str]) -> str:
        """Give the address that a form with the token posts to."""
        return _filled(self.address, ids)

    def passed_on(self, parameters: Mapping[str, str]) -> dict[str, str]:
        """Give those parameters that the vendor gets, too."""
        names = self.forwarded - {self.token_parameter}
        return {name: value for name, value in parameters.items() if name in names}

    def path(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Give our own path to this page, to come back to after a login."""
        path = _filled(self.route, ids)
        return f"{path}?{urlencode(parameters)}" if parameters else path

    def _address(
        self, ids: Mapping[str, str], parameters: Mapping[str, str], token: str | None
    ) -> str:
        query = urlencode(self.passed_on(parameters)) if parameters else ""
        if token is not None and self.token_parameter is not None:
            # Both are URL-safe by construction: base64url with dots, and a checked name.
            carrier = f"{self.token_parameter}={token}"
            query = f"{query}&{carrier}" if query else carrier
        address = _filled(self.address, ids)
        if query:
            address += f"{'&' if '?' in address else '?'}{query}"
        return f"{address}#{_filled(self.fragment, ids)}"

    def _values(
        self, identity: Identity, ids: Mapping[str, str], parameters: Mapping[str, str]
    ) -> dict[str, Any]:
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
            "groups": list(identity.groups) or None,
            "claims": identity.claims,
            "path": ids,
            "parameter": parameters,
            "integration": self._integration(ids),
            "now": now,
            "issued_at": now - self.clock_skew_seconds,
            "expires_at": self._expires_at(now, identity),
            "token_id": _token_id(),
        }

    def _integration(self, ids: Mapping[str, str]) -> Mapping[str, Any]:
        return self.offered[next(iter(ids.values()))] if self.offered is not None else {}

    def _expires_at(self, now: int, identity: Identity) -> int | None:
        if self.lifetime_seconds is None:
            return None
        end = now + self.lifetime_seconds
        return end if identity.expires_at is None else min(end, identity.expires_at)


def _filled(template: str, ids: Mapping[str, str]) -> str:
    if "{" not in template:
        return template
    for name, value in ids.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template


def _token_id() -> str:
    """Give a random UUID (RFC 9562, section 5.4), without making an object of it first."""
    digits = urandom(16).hex()
    variant = _VARIANTS[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
