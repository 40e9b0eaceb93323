"""The host application: pages with the marketplace in a frame, for those who are signed in.

It plays the part of the login proxy, too: what stands under the addresses of the service is passed
on to it.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import quote

from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from app.demo.answers import Answer
from app.demo.attack_page import AttackPage
from app.demo.login import Login, see_other
from app.demo.proxying import passed_on
from app.demo.rendering import file_handler, fill, host_page, joined
from app.demo.rows import ORGANISATION, Row
from app.demo.sessions import Sessions, id_of
from app.demo.timeline import Timeline, asked
from app.demo.views import VIEWS, View

SERVED_BY_THE_SERVICE = ("/pandium-sso", "/apifuse-sso")
FILES = ("demo.css", "host.js", "timeline.js")


class Host:
    """The host application at `origin`.

    `service`, `marketplace` and `foreign` are origins; `rows` are vendors of a destinations file,
    by name. `signed_on` counts the answers of the service that carry a token, and `answered` is the
    last request with its answer.
    """

    def __init__(  # noqa: PLR0913 - the parts of the demo, each by its name
        self,
        origin: str,
        *,
        service: str,
        marketplace: str,
        foreign: str,
        client: ClientSession,
        timeline: Timeline,
        rows: Mapping[str, Row] = MappingProxyType({}),
    ) -> None:
        self._origin = origin
        self._service = service
        self._marketplace = marketplace
        self._foreign = foreign
        self._client = client
        self._timeline = timeline
        self._sessions = Sessions()
        self._views = (*VIEWS, *(view for row in rows.values() for view in row.views))
        self._roots = (*SERVED_BY_THE_SERVICE, *(row.vendor.root for row in rows.values()))
        self._organisation = ORGANISATION if rows else {}
        self.signed_on = 0
        self.answered = ""

    def application(self) -> web.Application:
        """Return the application with its routes."""
        application = web.Application(middlewares=[self._under_one_name])
        login = Login(self._origin, self._marketplace, self._sessions, self._timeline)
        attacks = AttackPage(
            host=self._origin,
            service=self._service,
            marketplace=self._marketplace,
            foreign=self._foreign,
            client=self._client,
        )
        application.add_routes(
            [
                *(web.get(view.path, partial(self._show, view)) for view in self._views),
                *(web.get(f"/{name}", file_handler(name)) for name in FILES),
                *login.routes(),
                web.get("/attacks", partial(self._attack, attacks)),
                web.get("/timeline", self._tell),
            ]
        )
        for path in self._roots:
            application.router.add_route("*", path, self._pass_on)
            application.router.add_route("*", path + "/{rest:.*}", self._pass_on)
        return application

    @web.middleware
    async def _under_one_name(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Send a visitor who came by another name of this machine to the one with the cookie."""
        if f"http://{request.host}" != self._origin:
            return see_other(self._origin + request.rel_url.raw_path_qs)
        return await handler(request)

    async def _show(self, view: View, request: web.Request) -> web.Response:
        user = self._sessions.user(request)
        if user is None:
            return self._to_the_login(request)
        links = [
            fill(
                "host_link.html", path=link.path, name=link.name, current=str(link == view).lower()
            )
            for link in self._views
        ]
        return host_page(
            "host.html",
            self._marketplace,
            name=user.name or user.email,
            subject=user.subject,
            links=joined(links),
            view=view.name,
            framed=view.framed,
            script=view.script,
            broken=str(self._sessions.is_broken(request)).lower(),
        )

    async def _attack(self, attacks: AttackPage, request: web.Request) -> web.Response:
        if self._sessions.user(request) is None:
            return self._to_the_login(request)
        return await attacks.show(request)

    def _to_the_login(self, request: web.Request) -> web.Response:
        return see_other(f"{self._origin}/login?rd={quote(request.path)}")

    async def _tell(self, request: web.Request) -> web.Response:
        steps = self._timeline.steps(id_of(request))
        return web.json_response({"steps": steps}, headers={"Cache-Control": "no-store"})

    async def _pass_on(self, request: web.Request) -> web.Response:
        identity = self._sessions.identity(request)
        said = identity | self._organisation if identity else {}
        passed = await passed_on(request, self._service, said, self._client)
        answer = Answer.of(passed.status, passed.headers, passed.body)
        self.signed_on += bool(answer.token)
        self.answered = f"{asked(request)}: {answer.status} {answer.code}".rstrip()
        self._timeline.add(id_of(request), asked(request), answer, said)
        return passed
