"""A site that has nothing to do with the host application, and tries what such sites try."""

from collections.abc import Callable

from aiohttp import web

from app.demo.rendering import file_handler, fill, page_answer


class Foreign:
    """The site; `host` is the origin that it tries to use.

    `count` gives the sign-ons there so far, and `answered` the last request with its answer.
    """

    def __init__(self, *, host: str, count: Callable[[], int], answered: Callable[[], str]) -> None:
        self._host = host
        self._count = count
        self._answered = answered

    def application(self) -> web.Application:
        """Return the application with its routes."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/", self._show),
                web.get("/signed-on", self._tell),
                web.get("/demo.css", file_handler("demo.css")),
                web.get("/foreign.js", file_handler("foreign.js")),
            ]
        )
        return application

    async def _show(self, _request: web.Request) -> web.Response:
        places = f"'self' {self._host}"
        policy = (
            f"connect-src {places}; form-action {places}; frame-src {places}; "
            "frame-ancestors 'none'"
        )
        page = fill("foreign.html", host=self._host)
        return page_answer(page, policy=policy, images=f"data: {self._host}")

    async def _tell(self, _request: web.Request) -> web.Response:
        return web.json_response({"signed_on": self._count(), "answered": self._answered()})
