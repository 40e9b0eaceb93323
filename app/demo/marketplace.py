"""The marketplace: it takes the place of Pandium and APIFuse, on an origin of its own.

It verifies each token with code of its own, and shows what came: as a page, or as JSON to those
who ask for it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from string import Template
from types import MappingProxyType
from urllib.parse import parse_qsl

from aiohttp import web

from app.demo import vendors
from app.demo.content import heading
from app.demo.lint import address_objections
from app.demo.rendering import Markup, file_handler, fill, joined, page_answer, pretty
from app.demo.row_pages import RowPages
from app.demo.rows import Row
from app.demo.timeline import Timeline, Visit
from app.demo.vendors import Page
from app.demo.verdict import Verdict, judge

ROUTES = {
    "/pandium/{account}": vendors.PANDIUM,
    "/pandium/{account}/tenants/create/{integration_id}": vendors.PANDIUM_INSTALL,
    "/apifuse": vendors.APIFUSE,
    "/apifuse/": vendors.APIFUSE,
    "/apifuse/listing/{listing_id}": vendors.APIFUSE_LISTING,
}


PLACE = ("account", "integration_id", "listing_id")  # what the head of a page shows of its address


class Marketplace:
    """The marketplace at `origin`, framed by pages of the origin `host` only.

    `keys` has the signing key of each vendor, by its name; `rows` are vendors of a destinations
    file, by name; `now` gives epoch seconds.
    """

    def __init__(  # noqa: PLR0913 - the parts of the demo, each by its name
        self,
        origin: str,
        *,
        host: str,
        keys: Mapping[str, bytes],
        timeline: Timeline,
        rows: Mapping[str, Row] = MappingProxyType({}),
        now: Callable[[], float] = time.time,
    ) -> None:
        self._origin = origin
        self._host = host
        self._keys = keys
        self._now = now
        self._timeline = timeline
        self._row_pages = RowPages(rows, host=host, timeline=timeline, now=now)
        self._seen: set[str] = set()

    def application(self) -> web.Application:
        """Return the application with its routes."""
        application = web.Application()
        application.add_routes(
            [
                *(web.get(path, partial(self._visit, page)) for path, page in ROUTES.items()),
                *self._row_pages.routes(),
                web.get("/demo.css", file_handler("demo.css")),
                web.get("/marketplace.js", file_handler("marketplace.js")),
            ]
        )
        return application

    async def _visit(self, page: Page, request: web.Request) -> web.Response:
        verdict = self._judged(page, request)
        status = 401 if verdict.state == "refused" else 200
        if "application/json" in request.headers.get("Accept", ""):
            return web.json_response(asdict(verdict), status=status)
        token = request.query.get(page.token_parameter, "")
        self._timeline.visited(token, Visit.of(request, status, verdict))
        shown = self._page(page, {**request.query, **request.match_info}, verdict)
        return page_answer(shown, policy=f"frame-ancestors {self._host}", status=status)

    def _judged(self, page: Page, request: web.Request) -> Verdict:
        query = request.rel_url.raw_query_string
        tokens = [value for name, value in parse_qsl(query) if name == page.token_parameter]
        key = self._keys[page.vendor]
        verdict = judge(tokens, page, key, now=int(self._now()), seen=self._seen)
        of_address = address_objections(query, request.headers.get("Referer", ""), page)
        return replace(verdict, objections=(*of_address, *verdict.objections))

    def _page(self, page: Page, parameters: Mapping[str, str], verdict: Verdict) -> Markup:
        buttons = [
            fill("button.html", label=label, data=Template(data).substitute(origin=self._origin))
            for label, data in page.messages.items()
        ]
        nothing = "Nothing." if verdict.state == "verified" else "There is no token to look at."
        objections = verdict.objections or (nothing,)
        refused = verdict.state == "refused"
        place = {name: value for name, value in parameters.items() if name in PLACE}
        return fill(
            "marketplace.html",
            vendor=page.vendor,
            title=heading(page.title, parameters),
            place=" · ".join(f"{name.replace('_', ' ')} {value}" for name, value in place.items()),
            state=verdict.state,
            headline=verdict.headline,
            detail=verdict.detail,
            content=Markup() if refused else page.content(parameters, verdict.claims),
            objections=joined(fill("objection.html", text=text) for text in objections),
            header=pretty(verdict.header),
            claims=pretty(verdict.claims),
            buttons=joined(buttons),
            host=self._host,
        )
