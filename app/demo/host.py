"""The host application: a login, a session cookie, and pages with the marketplace in a frame.

It plays the part of the login proxy, too: what stands under the addresses of the service is passed
on to it.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from urllib.parse import parse_qsl, quote

from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from app.demo.proxying import passed_on
from app.demo.rendering import file_handler, fill, joined, page_answer
from app.demo.rows import ORGANISATION, Row
from app.demo.users import SAMPLE_USERS, UnknownUser, User, user_of
from app.demo.views import VIEWS, View

COOKIE = "acme_session"
SERVED_BY_THE_SERVICE = ("/pandium-sso", "/apifuse-sso")


class Host:
    """The host application at `origin`; sessions live as long as it does.

    `service`, `marketplace` and `foreign` are origins; `rows` are vendors of a destinations file,
    by name. `signed_on` counts the answers of the service that carry a token.
    """

    def __init__(  # noqa: PLR0913 - the parts of the demo, each by its name
        self,
        origin: str,
        *,
        service: str,
        marketplace: str,
        foreign: str,
        client: ClientSession,
        rows: Mapping[str, Row] = MappingProxyType({}),
    ) -> None:
        self._origin = origin
        self._service = service
        self._marketplace = marketplace
        self._foreign = foreign
        self._client = client
        self._views = (*VIEWS, *(view for row in rows.values() for view in row.views))
        self._roots = (*SERVED_BY_THE_SERVICE, *(row.vendor.root for row in rows.values()))
        self._organisation = ORGANISATION if rows else {}
        self._sessions: dict[str, User] = {}
        self.signed_on = 0

    def application(self) -> web.Application:
        """Return the application with its routes."""
        application = web.Application(middlewares=[self._under_one_name])
        application.add_routes(
            [
                *(web.get(view.path, partial(self._show, view)) for view in self._views),
                web.get("/login", self._ask_who),
                web.post("/login", self._sign_in),
                web.post("/logout", self._sign_out),
                web.post("/expire", self._expire),
                web.get("/signed-out", self._show_signed_out),
                web.get("/demo.css", file_handler("demo.css")),
                web.get("/host.js", file_handler("host.js")),
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
            return _see_other(self._origin + request.rel_url.raw_path_qs)
        return await handler(request)

    async def _show(self, view: View, request: web.Request) -> web.Response:
        user = self._user(request)
        if user is None:
            return _see_other(f"{self._origin}/login?rd={quote(view.path)}")
        links = [
            fill(
                "host_link.html", path=link.path, name=link.name, current=str(link == view).lower()
            )
            for link in self._views
        ]
        return self._page(
            "host.html",
            name=user.name or user.email,
            subject=user.subject,
            links=joined(links),
            view=view.name,
            framed=view.framed,
            script=view.script,
            foreign=self._foreign,
        )

    async def _ask_who(self, request: web.Request) -> web.Response:
        return self._login_page(request.query.get("rd", "/"))

    async def _sign_in(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(errors="replace")))
        try:
            user = user_of(form)
        except UnknownUser:
            problem = "Pick somebody, or type an e-mail address."
            return self._login_page(form.get("rd", "/"), problem, status=400)
        answer = _see_other(self._origin + self._path_to_return_to(form))
        session = secrets.token_urlsafe(32)
        self._sessions[session] = user
        answer.set_cookie(COOKIE, session, httponly=True, samesite="Lax")
        return answer

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        answer = _see_other(f"{self._origin}/signed-out")
        answer.del_cookie(COOKIE)
        return answer

    async def _expire(self, request: web.Request) -> web.Response:
        """End the session and leave its cookie, as time does."""
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        return web.Response(status=204)

    async def _show_signed_out(self, _request: web.Request) -> web.Response:
        return self._page("signed_out.html", framed=VIEWS[0].framed)

    async def _pass_on(self, request: web.Request) -> web.Response:
        user = self._user(request)
        identity = user.headers() | self._organisation if user else {}
        answer = await passed_on(request, self._service, identity, self._client)
        self.signed_on += carries_a_token(answer)
        return answer

    def _user(self, request: web.Request) -> User | None:
        """Return who is signed in; `None` is a visitor who is not."""
        return self._sessions.get(request.cookies.get(COOKIE, ""))

    def _path_to_return_to(self, form: Mapping[str, str]) -> str:
        """Return the path of the return address `rd`, `/` for one that is not ours.

        What follows our origin is a path in any case, `//elsewhere` included.
        """
        path = form.get("rd", "").removeprefix(self._origin)
        return path if path.startswith("/") and path.isprintable() else "/"

    def _login_page(
        self, return_address: str, problem: str = "", *, status: int = 200
    ) -> web.Response:
        users = [
            fill("login_user.html", subject=user.subject, name=user.name, email=user.email)
            for user in SAMPLE_USERS
        ]
        return self._page(
            "login.html", status=status, users=joined(users), rd=return_address, problem=problem
        )

    def _page(self, name: str, /, *, status: int = 200, **values: str) -> web.Response:
        """Answer with a page that frames and sends forms to ourselves and the marketplace.

        The marketplace stands in both, as browsers hold redirects against the policy, too.
        """
        places = f"'self' {self._marketplace}"
        policy = (
            f"connect-src 'self'; frame-ancestors 'none'; frame-src {places}; form-action {places}"
        )
        return page_answer(fill(name, **values), policy=policy, status=status)


def carries_a_token(answer: web.Response) -> bool:
    """Tell whether a token, or the beginning of one, is in an answer of the service."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    return "eyJ" in answer.headers.get("Location", "") or b"eyJ" in body


def _see_other(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address})
