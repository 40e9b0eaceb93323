"""A destination: one page of a vendor, as a value."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from app.destinations.access import EVERYBODY, Access
from app.destinations.claim_maps import ClaimMap
from app.destinations.client import Client
from app.destinations.exchange import Exchange, Issued, Question
from app.destinations.handoff import Handoff, Target, filled
from app.destinations.parameters import ID_CHARACTERS
from app.destinations.token_claims import TokenClaims
from app.errors import InvalidParameter, UnknownPage
from app.tokens.jws import SigningKey, sign

if TYPE_CHECKING:
    from app.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all destinations have in common.

    `client` makes who asks a vendor's API; `now` returns epoch seconds.
    """

    client: Callable[..., Client]
    clock_skew_seconds: int = 5
    max_location_bytes: int = 8000
    access: Access = EVERYBODY
    maps: Mapping[str, ClaimMap] = field(default_factory=dict)
    now: Callable[[], float] = time.time


class Statement(NamedTuple):
    """What a token says of one user, and the values that it was filled from."""

    claims: dict[str, Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One page of a vendor.

    `access` is who may, `claims` are what the token says, `key` signs it, `exchange` asks the
    vendor for it instead, and `target` is where it goes. `public_jwks` are what the vendor may
    verify with. `root` is our path for all pages of the vendor, `route` our path for
    this one, with `{name}` for each of `ids`. `parameters` are the query parameters that a request
    may have. `offered` are the integrations that may be installed, by the one id.
    `anonymous` lets visitors without a session look around.
    """

    name: str
    page: str
    root: str
    route: str
    key: SigningKey
    public_jwks: tuple[Mapping[str, str], ...] = ()
    claims: TokenClaims
    target: Target
    access: Access = EVERYBODY
    exchange: Exchange | None = None
    ids: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    parameters: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    offered: Collection[str] | None = None
    anonymous: bool = False

    @property
    def address(self) -> str:
        """The vendor's address, with placeholders."""
        return self.target.address

    @property
    def origin(self) -> str:
        """The vendor's origin, which frames and messages are checked against."""
        return self.target.origin

    def check_ids(self, ids: Mapping[str, str]) -> None:
        """Refuse ids of a path that have the wrong shape, lead elsewhere, or are not offered.

        Raises:
            UnknownPage: with the id's name.
        """
        for name, value in ids.items():
            fits = len(value) <= ID_CHARACTERS and self.ids[name].fullmatch(value)
            if not fits or not value.strip("."):
                raise UnknownPage(f"{name} has the wrong shape")
            if self.offered is not None and value not in self.offered:
                raise UnknownPage(f"{name} is not offered")

    def checked_parameters(self, query: str) -> dict[str, str]:
        """Return the known parameters of a query string, and drop the others.

        Raises:
            InvalidParameter: a known one is repeated or invalid.
        """
        parameters: dict[str, str] = {}
        for name, value in (
            parse_qsl(query, keep_blank_values=True, errors="replace") if query else ()
        ):
            if name not in self.parameters:
                continue
            if name in parameters:
                raise InvalidParameter(f"{name} is repeated")
            if not self.parameters[name].fullmatch(value):
                raise InvalidParameter(f"{name} has an invalid value")
            parameters[name] = value
        return parameters

    def statement(
        self,
        identity: Identity,
        ids: Mapping[str, str],
        parameters: Mapping[str, str] = MappingProxyType({}),
    ) -> Statement:
        """Return what a token for `identity` says.

        Raises:
            MissingClaim: the identity lacks what the vendor requires.
        """
        values = self.claims.values_for(identity, ids, parameters)
        return Statement(self.claims.filled(values, ends_at=identity.expires_at), values)

    def claims_for(self, identity: Identity, ids: Mapping[str, str]) -> dict[str, Any]:
        """Return the claims of a token for `identity`, without parameters.

        Raises:
            MissingClaim: the identity lacks what the vendor requires.
        """
        return self.statement(identity, ids).claims

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the token that says `claims`."""
        return sign(claims, self.key)

    def question(self, statement: Statement, exchange: Exchange) -> Question:
        """Return what the vendor is asked for a user's token.

        Raises:
            VendorUnavailable: it cannot be asked so.
        """
        return exchange.question(statement.values, self.sign(statement.claims))

    async def issue(self, statement: Statement) -> Issued:
        """Return the token of a user: signed here, or asked for.

        Raises:
            VendorUnavailable: the vendor gave none.
        """
        if self.exchange is None:
            return Issued(self.sign(statement.claims), statement.claims.get("exp"))
        return await self.exchange.issue(self.question(statement, self.exchange))

    def handoff(
        self, issued: Issued, ids: Mapping[str, str], parameters: Mapping[str, str]
    ) -> Handoff:
        """Return where the browser takes a token.

        Raises:
            LocationTooLong: the address would not pass proxies whole.
        """
        return self.target.handoff(issued, ids, parameters)

    def anonymous_handoff(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return where a visitor without a session may go."""
        return self.target.anonymous_handoff(ids, parameters)

    def path(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> str:
        """Return our path to this page, to come back to after a login."""
        path = filled(self.route, ids)
        return f"{path}?{urlencode(parameters)}" if parameters else path
