"""A visitor of several servers on 127.0.0.1: keeps cookies as a browser does, follows nothing."""

from __future__ import annotations

import html
import http.client
import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from tests.system import vendor
from tests.system.acme import PANDIUM_SECRET
from tests.system.proxies import PAGE, SCRIPT

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_ACTION: Final = re.compile(r'<form\b[^>]*\baction="([^"]*)"')
_INPUT: Final = re.compile(r"<input\b[^>]*>")
_ATTRIBUTE: Final = re.compile(r"""(\w+)=(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True)
class Seen:
    """An answer, and the address that was asked."""

    address: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def location(self) -> str:
        """Where it leads to; `urljoin` would drop an empty fragment."""
        written = str(self.headers["Location"])
        return written if "://" in written else urljoin(self.address, written)

    @property
    def form(self) -> dict[str, str]:
        """Return the fields of the page's form, as they are filled in."""
        fields = {}
        for written in _INPUT.findall(self.body.decode()):
            found = {name: html.unescape(a or b) for name, a, b in _ATTRIBUTE.findall(written)}
            if "name" in found:
                fields[found["name"]] = found.get("value", "")
        return fields

    @property
    def action(self) -> str:
        """Where the page's form goes."""
        found = _ACTION.search(self.body.decode())
        assert found is not None, self.body[:500]
        return urljoin(self.address, html.unescape(found[1]))

    def user(self) -> dict[str, Any]:
        """Return the claims of the vendor's token, verified."""
        assert self.status == 307, (self.status, self.body[:300])
        return vendor.arrive(self.location, key=PANDIUM_SECRET, parameter="tenant").claims


class _Followed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: each step is looked at."""


class Visitor:
    """Cookies belong to a host, whatever its port (RFC 6265, section 8.5).

    What is asked by https goes through a proxy that ends TLS: by plain http, with what proxies say.
    """

    def __init__(self) -> None:
        policy = DefaultCookiePolicy(secure_protocols=("http", "https"))
        self.cookies = CookieJar(policy)
        self._opener = urllib.request.build_opener(
            _Followed(),
            urllib.request.HTTPCookieProcessor(self.cookies),
            urllib.request.ProxyHandler({}),
        )

    def get(self, address: str, headers: Mapping[str, str] = PAGE) -> Seen:
        return self._ask(address, headers)

    def post(self, address: str, form: Mapping[str, str]) -> Seen:
        parts = urlsplit(address)
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        return self._ask(address, {**PAGE, **origin}, urlencode(form).encode())

    def code(self, sso: str) -> str:
        """Return why the service at `sso` refuses the visitor."""
        seen = self.get(f"{sso}/pandium-sso", SCRIPT)
        assert "tenant=" not in seen.body.decode()
        return str(json.loads(seen.body)["code"])

    def cookie(self, name: str) -> str:
        (value,) = [each.value for each in self.cookies if each.name == name]
        return str(value)

    def set(self, name: str, value: str) -> None:
        """Write another value over a cookie."""
        for each in self.cookies:
            if each.name == name:
                each.value = value

    def follow(self, seen: Seen, *, until: str = "-", steps: int = 20) -> Seen:
        """Follow redirects until an answer is none, or leads to `until` or to other machines."""
        for _ in range(steps):
            if seen.status not in REDIRECTS or seen.location.startswith(until):
                return seen
            if urlsplit(seen.location).hostname != "127.0.0.1":
                return seen
            seen = self.get(seen.location)
        raise AssertionError(f"it leads on and on: {seen.address}")

    def _ask(self, address: str, headers: Mapping[str, str], data: bytes | None = None) -> Seen:
        scheme, _, rest = address.partition(":")
        request = urllib.request.Request(f"http:{rest}", data)  # noqa: S310 - always http
        for name, value in {**headers, "X-Forwarded-Proto": scheme}.items():
            request.add_header(name, value)
        try:
            response = self._opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Seen(address, response.status, response.headers, response.read())
