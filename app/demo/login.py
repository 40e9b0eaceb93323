"""The login of the host application: a form without a password, and a session cookie."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from app.demo.answers import Answer
from app.demo.rendering import fill, host_page, joined
from app.demo.sessions import COOKIE, Sessions, id_of
from app.demo.timeline import Timeline, asked
from app.demo.users import SAMPLE_USERS, UnknownUser, user_of
from app.demo.views import VIEWS


class Login:
    """The login at `origin`; its pages frame `marketplace` at most."""

    def __init__(
        self, origin: str, marketplace: str, sessions: Sessions, timeline: Timeline
    ) -> None:
        self._origin = origin
        self._marketplace = marketplace
        self._sessions = sessions
        self._timeline = timeline

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/login", self._ask_who),
            web.post("/login", self._sign_in),
            web.post("/logout", self._sign_out),
            web.post("/expire", self._expire),
            web.post("/break", self._break),
            web.post("/mend", self._mend),
            web.get("/signed-out", self._show_signed_out),
        ]

    async def _ask_who(self, request: web.Request) -> web.Response:
        """Ask who it is; who is signed in is sent straight back, as every login does."""
        if self._sessions.user(request) is None:
            return self._page(request.query.get("rd", "/"))
        answer = see_other(self._origin + self._path_to_return_to(request.query))
        self._timeline.add(
            id_of(request), asked(request), Answer.of(answer.status, answer.headers, b"")
        )
        return answer

    async def _sign_in(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(errors="replace")))
        try:
            user = user_of(form)
        except UnknownUser:
            problem = "Pick somebody, or type an e-mail address."
            return self._page(form.get("rd", "/"), problem, status=400)
        answer = see_other(self._origin + self._path_to_return_to(form))
        session = self._sessions.begin(user)
        answer.set_cookie(COOKIE, session, httponly=True, samesite="Lax")
        return answer

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._sessions.end(request)
        self._timeline.forget(id_of(request))
        answer = see_other(f"{self._origin}/signed-out")
        answer.del_cookie(COOKIE)
        return answer

    async def _expire(self, request: web.Request) -> web.Response:
        """End the session and leave its cookie, as time does."""
        self._sessions.end(request)
        return web.Response(status=204)

    async def _break(self, request: web.Request) -> web.Response:
        self._sessions.break_proxy(request)
        return web.Response(status=204)

    async def _mend(self, request: web.Request) -> web.Response:
        self._sessions.mend_proxy(request)
        return web.Response(status=204)

    async def _show_signed_out(self, request: web.Request) -> web.Response:
        if self._sessions.user(request) is not None:
            return see_other(f"{self._origin}/")
        return host_page("signed_out.html", self._marketplace, framed=VIEWS[0].framed)

    def _path_to_return_to(self, given: Mapping[str, str]) -> str:
        """Return the path of the return address `rd`, `/` for one that is not ours.

        What follows our origin is a path in any case, `//elsewhere` included.
        """
        path = given.get("rd", "").removeprefix(self._origin)
        return path if path.startswith("/") and path.isprintable() else "/"

    def _page(self, return_address: str, problem: str = "", *, status: int = 200) -> web.Response:
        users = [
            fill("login_user.html", subject=user.subject, name=user.name, email=user.email)
            for user in SAMPLE_USERS
        ]
        return host_page(
            "login.html",
            self._marketplace,
            status=status,
            users=joined(users),
            rd=return_address,
            problem=problem,
        )


def see_other(address: str) -> web.Response:
    """Answer with a redirect that a browser follows with GET."""
    return web.Response(status=303, headers={"Location": address})
