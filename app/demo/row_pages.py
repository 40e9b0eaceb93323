"""The vendors of rows, all played by one page: it finds the token, verifies it and shows it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from app.demo.rendering import file_handler, fill, page_answer, pretty
from app.demo.rows import Row
from app.demo.signatures import verify
from app.demo.verdict import Verdict, age_seconds
from app.demo.verification import RefusedToken, read

FRAGMENT_FIELD = "fragment"  # in which the script posts the token that it found behind the #
_TOKEN: Final = re.compile(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", re.ASCII)


class RowPages:
    """The pages at `/rows/<name>/...`, framed by pages of the origin `host` only."""

    def __init__(self, rows: Mapping[str, Row], *, host: str, now: Callable[[], float]) -> None:
        self._rows = rows
        self._host = host
        self._now = now

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/row.js", file_handler("row.js")),
            web.get("/rows/{name:[^/]+}{rest:.*}", self._visit),
            web.post("/rows/{name:[^/]+}{rest:.*}", self._visit),
        ]

    async def _visit(self, request: web.Request) -> web.Response:
        row = self._rows.get(request.match_info["name"])
        if row is None:
            raise web.HTTPNotFound
        verdict = _judged(await _tokens(row, request), row, now=int(self._now()))
        status = 401 if verdict.state == "refused" else 200
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response(asdict(verdict), status=status)
        headline, detail = _words(verdict)
        page = fill(
            "row.html",
            name=row.vendor.name,
            place=f"{request.method} {request.path}",
            state=verdict.state,
            headline=headline,
            detail=detail,
            header=pretty(verdict.header),
            claims=pretty(verdict.claims),
        )
        return page_answer(page, policy=f"frame-ancestors {self._host}", status=status)


async def _tokens(row: Row, request: web.Request) -> list[str]:
    """Return what came where the row's token travels: field, query, path, or fragment."""
    form = parse_qsl((await request.read()).decode(errors="replace"))
    parameter = row.vendor.parameter
    if parameter is None:
        in_path = filter(_TOKEN.fullmatch, request.match_info["rest"].split("/"))
        return [*in_path, *(value for name, value in form if name == FRAGMENT_FIELD)]
    query = parse_qsl(request.rel_url.raw_query_string)
    pairs = form if row.vendor.delivery == "form" else query
    return [value for name, value in pairs if name == parameter]


def _judged(tokens: list[str], row: Row, *, now: int) -> Verdict:
    if not tokens and "{token}" in "".join(p.fragment for p in row.vendor.all_pages.values()):
        return Verdict("anonymous")
    if len(tokens) != 1:
        return Verdict("refused", f"{len(tokens) or 'No'} tokens came; one is right.")
    try:
        token = read(tokens[0])
    except RefusedToken as refused:
        return Verdict("refused", str(refused))
    try:
        verify(token, row.vendor.algorithm, row.key)
    except RefusedToken as refused:
        return Verdict("refused", str(refused), token.header, token.claims)
    age = age_seconds(token, now)
    return Verdict("verified", header=token.header, claims=token.claims, age_seconds=age)


def _words(verdict: Verdict) -> tuple[str, str]:
    """Return the headline and the sentence below it."""
    if verdict.state == "anonymous":
        return "No token yet", "It comes behind the #, which only a script of this page reads."
    if verdict.state == "refused":
        return "Refused", verdict.refusal
    age = "of unknown age" if verdict.age_seconds is None else f"{verdict.age_seconds} s old"
    return "Verified", f"The signature holds. The token is {age}."
