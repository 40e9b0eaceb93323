"""Where a browser takes a token: to an address, or as fields that are posted to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, urlencode

from app.errors import LocationTooLong
from app.settings.addresses import origin_of

Delivery = Literal["redirect", "form", "json"]
"""How the token travels: in the address of a 307, in a form that posts itself, or as JSON."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """Where the browser goes next.

    A redirect goes to `url` and has no `fields`; a form posts them to `url`, and JSON hands both to
    a script.
    """

    url: str
    delivery: Delivery = "redirect"
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The vendor's page, and the place of the token in a request for it.

    `address` and `fragment` may contain `{token}` and the ids of our path, like `{listing_id}`. A
    token that neither contains is the value of `token_parameter`. `forwarded` are the parameters of
    our address that the vendor gets, too. `form_targets` are further origins that a posted form may
    end at: browsers apply the policy of our page to the vendor's redirect after the POST, too (CSP
    Level 3, section 6.4.1).
    """

    address: str
    fragment: str = ""
    token_parameter: str | None = None
    forwarded: frozenset[str] = frozenset()
    delivery: Delivery = "redirect"
    form_targets: tuple[str, ...] = ()
    max_location_bytes: int = 8000

    @property
    def origin(self) -> str:
        """The vendor's origin."""
        return origin_of(self.address)

    def handoff(self, token: str, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return where `token` goes.

        Raises:
            LocationTooLong: the address of a redirect is longer than `max_location_bytes`.
        """
        forwarded = self._forwarded(parameters)
        if self.delivery != "redirect":
            fields = {**forwarded, str(self.token_parameter): token}
            return Handoff(filled(self.address, ids), self.delivery, fields)
        location = self._location({**ids, "token": token}, forwarded, token)
        if len(location) > self.max_location_bytes:
            raise LocationTooLong(f"{len(location)} bytes, {self.max_location_bytes} allowed")
        return Handoff(location)

    def anonymous_handoff(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return where visitors without a session go: to the same page, without a token."""
        return Handoff(self._location(ids, self._forwarded(parameters)))

    def _forwarded(self, parameters: Mapping[str, str]) -> dict[str, str]:
        names = self.forwarded - {self.token_parameter}
        return {name: value for name, value in parameters.items() if name in names}

    def _location(
        self, ids: Mapping[str, str], forwarded: Mapping[str, str], token: str | None = None
    ) -> str:
        """Return an address that ends with a fragment of its own, most often an empty one.

        Otherwise the browser would keep the fragment of our address (RFC 9110, section 10.2.2).
        """
        address = filled(self.address, ids)
        query = urlencode(forwarded) if forwarded else ""
        if token is not None and self.token_parameter is not None:
            # A token is URL-safe as it is: base64url with dots. The parameter's name is checked.
            carrier = f"{self.token_parameter}={token}"
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
