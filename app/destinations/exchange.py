"""A token that the vendor's own API gives for a secret key: one question for each sign-on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import orjson

from app.claims import MISSING, Template, as_text, find
from app.destinations.client import Client
from app.errors import NoAnswer, VendorUnavailable, shown
from app.settings.addresses import checked, origin_of
from app.telemetry.metrics import EXCHANGES
from app.tokens.strict_json import InvalidJson, strict_json

TIMEOUT_SECONDS: Final = 5
MAX_BYTES: Final = 256 * 1024
CONNECTIONS: Final = 100
_MAX_MEMBERS: Final = 1000
_LONGEST_TOKEN: Final = 16 * 1024
_LONGEST_SECONDS: Final = 366 * 86400
_GOOD: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent to the vendor's API; it has secrets in it."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token, when it ends (epoch seconds, `None` if nobody says), and the answer it came in.

    `location` is the whole address, where the vendor gives that instead.
    """

    token: str = field(repr=False)
    expires_at: int | None = None
    answer: Mapping[str, Any] = field(default_factory=dict, repr=False)
    signed_here: bool = True
    location: str | None = field(default=None, repr=False)

    @property
    def in_query(self) -> str:
        """The token in a query. One that is signed here needs no encoding: it is base64url."""
        return self.token if self.signed_here else quote_plus(self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """Asks one address, which is configured, for one token.

    `headers` and `body` are templates; `media_type` says how the body is written. `token` and
    `expires_in` are dotted names in the answer; the latter may be a number of seconds, too. With
    `origins`, `token` is an address of one of them. An answer is never remembered, and no question
    is repeated.
    """

    destination: str
    url: str
    headers: Template
    body: Template
    media_type: str
    token: str
    origins: frozenset[str] = frozenset()
    expires_in: str | int | None = None
    key: str = field(repr=False)
    now: Callable[[], float] = time.time
    client: Client

    async def start(self) -> None:
        """Allow questions."""
        await self.client.start()

    async def stop(self) -> None:
        """Close all connections."""
        await self.client.stop()

    def question(self, values: Mapping[str, Any], assertion: str) -> Question:
        """Return what is asked for a user; `values` are those of the row's claims.

        Raises:
            VendorUnavailable: a header would have a value that no header can have.
        """
        known = {**values, "key": self.key, "assertion": assertion}
        headers = {"Accept": "application/json", "Content-Type": self.media_type}
        headers |= _texts(self.headers(known))
        for name, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise VendorUnavailable(f"its header {name} would have a value that none can have")
        body = _members(self.body(known))
        form = self.media_type == "application/x-www-form-urlencoded"
        sent = urlencode(_texts(body)).encode() if form else orjson.dumps(body)
        return Question(headers, sent)

    async def issue(self, question: Question) -> Issued:
        """Ask once.

        Raises:
            VendorUnavailable: there is no token in the answer, or no answer in time.
        """
        try:
            issued = self._issued(await self._asked(question))
        except VendorUnavailable:
            EXCHANGES.labels(self.destination, "failed").inc()
            raise
        EXCHANGES.labels(self.destination, "good").inc()
        return issued

    async def _asked(self, question: Question) -> dict[str, Any]:
        try:
            answer = await self.client.ask("POST", self.url, question.headers, body=question.body)
        except NoAnswer as error:
            raise VendorUnavailable(str(error)) from None
        if answer.status not in _GOOD:
            raise VendorUnavailable(f"it answers {answer.status}")
        if answer.body is None:
            raise VendorUnavailable(f"its answer is {answer.unread}")
        try:
            return strict_json(answer.body, max_members=_MAX_MEMBERS)
        except InvalidJson as error:
            raise VendorUnavailable(f"its answer cannot be read: {error}") from None

    def _issued(self, answer: Mapping[str, Any]) -> Issued:
        token = find(answer, self.token)
        if not (isinstance(token, str) and 1 <= len(token) <= _LONGEST_TOKEN):
            raise VendorUnavailable(f"its answer has no text at {self.token}")
        if not (token.isascii() and token.isprintable()):
            raise VendorUnavailable(f"its answer has no token at {self.token}, but other text")
        location = self._location(token) if self.origins else None
        return Issued(token, self._end(answer), answer, signed_here=False, location=location)

    def _location(self, address: str) -> str:
        """Return an address of the vendor's with a fragment of its own, most often an empty one."""
        place, _, fragment = address.partition("#")
        try:
            found = origin_of(checked(place))
        except ValueError as error:
            raise VendorUnavailable(f"the address at {self.token} {error}") from None
        if found not in self.origins:
            wanted = shown(self.origins)
            raise VendorUnavailable(f"the address at {self.token} is not of the row's: {wanted}")
        return f"{place}#{fragment}"

    def _end(self, answer: Mapping[str, Any]) -> int | None:
        seconds: object = self.expires_in
        if isinstance(seconds, str):
            seconds = find(answer, seconds)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            return None
        return int(self.now() + min(max(seconds, 0), _LONGEST_SECONDS))


def _texts(rendered: Any) -> dict[str, str]:  # noqa: ANN401 - as below
    return {name: as_text(value) for name, value in _members(rendered).items()}


def _members(rendered: Any) -> dict[str, Any]:  # noqa: ANN401 - a dict, or MISSING
    return {} if rendered is MISSING else rendered
