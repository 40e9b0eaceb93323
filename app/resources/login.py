"""Where users sign in, how they come back, and that they are sent there once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from app.destinations.parameters import LOGIN_ATTEMPT

ATTEMPT_SECONDS: Final = 60
"""For so long a login that was tried is not tried again by itself."""

_EPOCH_SECONDS: Final = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Login:
    """The host's login; users come back to an address under `public_url`.

    That address says when they left: otherwise a login whose session is not believed here would
    send them back, and they would go round and round. `now` returns epoch seconds.
    """

    url: str | None
    return_parameter: str
    public_url: str | None
    now: Callable[[], float] = time.time

    def members(self, path: str | None) -> dict[str, str]:
        """Return what scripts are told: the login's address, and its return parameter.

        The address leads back to `path`. A page that shows the marketplace replaces that by an
        address of its own, so that users come back to the page. Empty without a login.
        """
        if self.url is None:
            return {}
        return {"login_url": self._leading_to(path), "return_parameter": self.return_parameter}

    def was_tried(self, query: str) -> bool:
        """Tell whether the query string of a request says that it comes back from the login.

        Anyone can write the mark, so it decides nothing else, and only within `ATTEMPT_SECONDS` of
        its time. One that is malformed or repeated does not count.
        """
        if self.url is None:
            return False
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
        marks = [value for name, value in pairs if name == LOGIN_ATTEMPT]
        if len(marks) != 1 or not _EPOCH_SECONDS.fullmatch(marks[0]):
            return False
        # The clock of the replica that wrote it may be ahead.
        return abs(self.now() - int(marks[0])) < ATTEMPT_SECONDS

    def address_of(self, path: str) -> str:
        """Return the address of a path of ours, to open once more."""
        return f"{self.public_url}{path}"

    def _leading_to(self, path: str | None) -> str:
        url = self.url or ""
        if path is None:
            return url
        back = _with_query(self.address_of(path), {LOGIN_ATTEMPT: str(int(self.now()))})
        return _with_query(url, {self.return_parameter: back})


def _with_query(address: str, parameters: dict[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(parameters)}"
