"""Where a browser takes a token: to an address, or as fields that are posted to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote, quote_plus

from app.claims import Template
from app.destinations.exchange import Issued
from app.errors import LocationTooLong
from app.settings.addresses import origin_of

Delivery = Literal["redirect", "form", "json"]
"""How the token travels: in the address of a 307, in a form that posts itself, or as JSON."""

NAME_DELIMITERS: Final = ":@!$()*,"
"""What may stand in the name of a parameter as it is."""

ANSWER_NAMES: Final = ("token", "url", "expires_at", "exchanged.")
"""Placeholders of the answer to a script; `exchanged.…` is what the vendor's API answered."""


@dataclass(frozen=True, slots=True)
class Handoff:
    """Where the browser goes next.

    A redirect goes to `url` and has no `fields`; a form posts them to `url`, and JSON hands both to
    a script, or `answer` instead. What is handed over ends at `expires_at` (epoch seconds).
    """

    url: str
    delivery: Delivery = "redirect"
    fields: Mapping[str, str] = field(default_factory=dict)
    expires_at: int | None = None
    answer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The vendor's page, and the place of the token in a request for it.

    `address` and `fragment` may contain `{token}` and the ids of our path, like `{listing_id}`. A
    token that neither contains is the value of `token_parameter`, or in `answer`, a template of
    what a script is answered. `forwarded` are the parameters of our address that the vendor gets,
    too. `form_targets` are origins to which the vendor redirects a form that was posted to it.
    """

    address: str
    fragment: str = ""
    token_parameter: str | None = None
    forwarded: frozenset[str] = frozenset()
    delivery: Delivery = "redirect"
    answer: Template | None = None
    form_targets: tuple[str, ...] = ()
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
        carried = {} if self.token_parameter is None else {self.token_parameter: issued.token}
        fields = self._forwarded(parameters) | carried  # ours overwrites theirs
        if self.delivery != "redirect":
            url = filled(self.address, ids)
            answer = self._answer(url, issued)
            return Handoff(url, self.delivery, fields, issued.expires_at, answer)
        location = self._location({**ids, "token": issued.token}, fields)
        if len(location) > self.max_location_bytes:
            raise LocationTooLong(f"{len(location)} bytes, {self.max_location_bytes} allowed")
        return Handoff(location, expires_at=issued.expires_at)

    def anonymous_handoff(self, ids: Mapping[str, str], parameters: Mapping[str, str]) -> Handoff:
        """Return where visitors without a session go: to the same page, without a token."""
        return Handoff(self._location(ids, self._forwarded(parameters)))

    def _answer(self, url: str, issued: Issued) -> Mapping[str, Any] | None:
        if self.answer is None:
            return None
        own = {"token": issued.token, "url": url, "expires_at": issued.expires_at}
        rendered: Mapping[str, Any] = self.answer({**own, "exchanged": issued.answer})
        return rendered

    def _forwarded(self, parameters: Mapping[str, str]) -> dict[str, str]:
        names = self.forwarded - {self.token_parameter}
        return {name: value for name, value in parameters.items() if name in names}

    def _location(self, ids: Mapping[str, str], query: Mapping[str, str]) -> str:
        """Return an address that ends with a fragment of its own, most often an empty one.

        Otherwise the browser would keep the fragment of our address (RFC 9110, section 10.2.2).
        """
        address = filled(self.address, ids)
        if query:
            address += f"{'&' if '?' in address else '?'}{_query(query)}"
        return f"{address}#{filled(self.fragment, ids)}"


def _query(parameters: Mapping[str, str]) -> str:
    """Return a query; its names keep the delimiters that mean nothing in it (RFC 3986, 3.4)."""
    return "&".join(
        f"{quote_plus(name, safe=NAME_DELIMITERS)}={quote_plus(value)}"
        for name, value in parameters.items()
    )


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put values into the `{placeholders}` of a path or an address, encoded as path segments."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template
