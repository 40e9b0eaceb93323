"""Where a browser takes a token: to an address, or as fields that are posted to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import quote, urlencode

from app.claims import Template
from app.destinations.exchange import Issued
from app.errors import LocationTooLong
from app.settings.addresses import origin_of

Delivery = Literal["redirect", "form", "json"]
"""How the token travels: in the address of a 307, in a form that posts itself, or as JSON."""

NAME_DELIMITERS: Final = ":@!$()*,"
"""What may stand in the name of the token's parameter as it is (RFC 3986, section 3.4)."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

ANSWER_NAMES: Final = ("token", "url", "expires_at", "exchanged.")
"""Placeholders of the answer to a script; `exchanged.…` is what the vendor's API answered."""


class Handoff(NamedTuple):
    """Where the browser goes next.

    A redirect goes to `url` and has no `fields`; a form posts them to `url`, and JSON hands both to
    a script, or `answer` instead. What is handed over ends at `expires_at` (epoch seconds).
    `renewal` are members for a script that hands the token on to a page in a frame.
    """

    url: str
    delivery: Delivery = "redirect"
    fields: Mapping[str, str] = _NOTHING
    expires_at: int | None = None
    answer: Mapping[str, Any] | None = None
    renewal: Mapping[str, Any] = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The vendor's page, and the place of the token in a request for it.

    `address` and `fragment` may contain `{token}` and the ids of our path, like `{listing_id}`. A
    token that neither contains is the value of `token_parameter`, or in `answer`, a template of
    what a script is answered. `forwarded` are the parameters of our address that the vendor gets,
    too. `form_targets` are further origins that a posted form may end at: browsers apply the policy
    of our page to the vendor's redirect after the POST, too (CSP Level 3, section 6.4.1).
    `renew` is what a script is told of the messages that renew a token in place.
    """

    address: str
    fragment: str = ""
    token_parameter: str | None = None
    forwarded: frozenset[str] = frozenset()
    delivery: Delivery = "redirect"
    answer: Template | None = None
    form_targets: tuple[str, ...] = ()
    renew: Mapping[str, Any] | None = None
    max_location_bytes: int = 8000

    @property
    def origin(self) -> str:
        """The vendor's origin."""
        return origin_of(self.address)

    def handoff(
        self, issued: Issued, ids: Mapping[str, str], parameters: Mapping[str, str]
    ) -> Handoff:
        """Return where a token goes.

        Raises:
            LocationTooLong: the address of a redirect is longer than `max_location_bytes`.
        """
        forwarded = self._forwarded(parameters)
        if self.delivery != "redirect":
            carried = {} if self.token_parameter is None else {self.token_parameter: issued.token}
            url = filled(self.address, ids)
            answer = self._answer(url, issued)
            fields = forwarded | carried
            renewal = self._renewal(issued)
            return Handoff(url, self.delivery, fields, issued.expires_at, answer, renewal)
        location = issued.location
        if location is None:
            location = self._location({**ids, "token": issued.token}, forwarded, issued)
        if len(location) > self.max_location_bytes:
            raise LocationTooLong(f"{len(location)} bytes, {self.max_location_bytes} allowed")
        return Handoff(location, expires_at=issued.expires_at, renewal=self._renewal(issued))

    def anonymous_handoff(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return where visitors without a session go: to the same page, without a token."""
        return Handoff(self._location(ids, self._forwarded(parameters)))

    def _answer(self, url: str, issued: Issued) -> Mapping[str, Any] | None:
        if self.answer is None:
            return None
        own = {"token": issued.token, "url": url, "expires_at": issued.expires_at}
        rendered: Mapping[str, Any] = self.answer({**own, "exchanged": issued.answer})
        return rendered

    def _renewal(self, issued: Issued) -> Mapping[str, Any]:
        return _NOTHING if self.renew is None else {"token": issued.token, "renew": self.renew}

    def _forwarded(self, parameters: Mapping[str, str]) -> dict[str, str]:
        names = self.forwarded - {self.token_parameter}
        return {name: value for name, value in parameters.items() if name in names}

    def _location(
        self, ids: Mapping[str, str], forwarded: Mapping[str, str], issued: Issued | None = None
    ) -> str:
        """Return an address that ends with a fragment of its own, most often an empty one.

        Otherwise the browser would keep the fragment of our address (RFC 9110, section 10.2.2).
        """
        address = filled(self.address, ids)
        query = urlencode(forwarded) if forwarded else ""
        if issued is not None and self.token_parameter is not None:
            # The parameter's name is checked, and stands as it is.
            carrier = f"{self.token_parameter}={issued.in_query}"
            query = f"{query}&{carrier}" if query else carrier
        if query:
            address += f"{'&' if '?' in address else '?'}{query}"
        return f"{address}#{filled(self.fragment, ids)}"


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put values into the `{placeholders}` of a path or an address, encoded as path segments."""
    if "{" not in template:
        return template
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template
