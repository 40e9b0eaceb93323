"""What a vendor would object to in a token that is signed correctly, and in the way it came."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from app.demo.vendors import SECONDS, Page
from app.demo.verification import MISSING, Token, find

HEADER = {"alg": "HS256", "typ": "JWT"}  # exactly these two, in every sample of both vendors


def token_objections(token: Token, page: Page, *, now: int) -> Iterator[str]:
    """Yield what is wrong with header and claims at `now` (epoch seconds)."""
    for name in sorted(token.header.keys() | HEADER.keys()):
        if token.header.get(name) != HEADER.get(name):
            yield f"header {name}: the header has alg HS256, typ JWT and nothing else"
    for name, kind in page.required.items():
        if find(token.claims, name) in (MISSING, ""):
            yield f"{name} is missing; it is {kind.words}"
    known = {**page.required, **page.optional}
    for name, kind in known.items():
        value = find(token.claims, name)
        if value is not MISSING and not kind.holds(value):
            yield f"{name} is not {kind.words}"
    for name in sorted(token.claims.keys() - {path.partition(".")[0] for path in known}):
        yield f"{name} is no claim that {page.vendor} documents"
    yield from _time_objections(token.claims, now)


def address_objections(query: str, referer: str, page: Page) -> Iterator[str]:
    """Yield what is wrong with the query the token came in, and with the `Referer` beside it."""
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    for name in dict.fromkeys(names):
        if name not in {page.token_parameter, *page.parameters}:
            yield f"{name} is no parameter of this page"
        elif names.count(name) > 1:
            yield f"{name} is given {names.count(name)} times"
    if {"tenant", "jwt"} & dict(parse_qsl(referer.partition("?")[2])).keys():
        yield "Referer: it carries a token; the page before this one gave it away"


def _time_objections(claims: Mapping[str, Any], now: int) -> Iterator[str]:
    times = {name: claims[name] for name in ("iat", "nbf", "exp") if name in claims}
    times = {name: time for name, time in times.items() if SECONDS.holds(time)}
    for name in ("iat", "nbf"):
        if times.get(name, now) > now:
            yield f"{name} lies {times[name] - now} s in the future"
    if times.get("exp", now + 1) <= now:
        yield f"exp lies {now - times['exp']} s in the past"
