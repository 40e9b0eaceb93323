"""A person who signs in: follows what leads on, and fills in the forms of the login."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from tests.system import vendor
from tests.system.acme import PANDIUM_SECRET
from tests.system.proxies import Browser, location

_FORM: Final = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
_HIDDEN: Final = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
_NAMES: Final = re.compile(r'name="(\w+)"')
ANY: Final = "any password"
STEPS: Final = 15
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Arrival:
    """Where somebody ended, and every address on the way there."""

    status: int
    address: str
    body: bytes
    way: tuple[str, ...]

    @property
    def claims(self) -> dict[str, Any]:
        """Return the claims of the vendor's token, verified with the vendor's key."""
        assert self.status == 307, f"{self.status} at {self.address}: {self.body[:300]!r}"
        return vendor.arrive(self.address, key=PANDIUM_SECRET, parameter="tenant").claims

    def times(self, path: str) -> int:
        """Return how often the way led to a path."""
        return [urlsplit(each).path for each in self.way].count(path)


def travel(browser: Browser, url: str, login: str = "u-17", password: str = ANY) -> Arrival:
    """Follow redirects and forms until they lead to the vendor, or nowhere."""
    way = [url]
    response = browser.get(url)
    for _ in range(STEPS):
        form = _FORM.search(browser.body.decode("utf-8", "replace"))
        if response.status in REDIRECTS and response.headers["Location"]:
            url = location(url, response)
            if urlsplit(url).hostname != "127.0.0.1":
                # `urljoin` drops the empty fragment.
                written = response.headers["Location"]
                return Arrival(response.status, written, browser.body, tuple(way))
            response = browser.get(url)
        elif form and response.status == 200:
            url, fields = html.unescape(form[1]), dict(_HIDDEN.findall(form[2]))
            for name in {"login", "username"} & set(_NAMES.findall(form[2])):
                fields |= {name: login, "password": password}
            response = browser.post(url, fields)
        else:
            return Arrival(response.status, url, browser.body, tuple(way))
        way.append(url)
    raise AssertionError(f"a circle: {way}")
