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
from app.demo.timeline import Timeline, Visit
from app.demo.verdict import Verdict, age_seconds
from app.demo.verification import RefusedToken, read

FRAGMENT_FIELD = "fragment"  # in which the script posts the token that it found behind the #
BEHIND_THE_FRAGMENT = "It comes behind the #, which only a script of this page reads."
_TOKEN: Final = re.compile(r"eyJ[\w-]*\.[\w-]*\.[\w-]*", re.ASCII)


class RowPages:
    """The pages at `/rows/<name>/...`, framed by pages of the origin `host` only."""

    def __init__(
        self, rows: Mapping[str, Row], *, host: str, timeline: Timeline, now: Callable[[], float]
    ) -> None:
        self._rows = rows
        self._host = host
        self._timeline = timeline
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
        tokens = await _tokens(row, request)
        verdict = _judged(tokens, row, now=int(self._now()))
        status = 401 if verdict.state == "refused" else 200
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response(asdict(verdict), status=status)
        for token in tokens:
            self._timeline.visited(token, Visit.of(request, status, verdict))
        waits = verdict.state == "anonymous"
        page = fill(
            "row.html",
            name=row.vendor.name,
            place=f"{request.method} {request.path}",
            state=verdict.state,
            headline="No token yet" if waits else verdict.headline,
            detail=BEHIND_THE_FRAGMENT if waits else verdict.detail,
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
