"""The host application's sessions: who is signed in, by the value of a cookie."""

import secrets

from aiohttp import web

from app.demo.users import User

COOKIE = "acme_session"


class Sessions:
    """The sessions; they live as long as the demo does."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._nameless: set[str] = set()

    def begin(self, user: User) -> str:
        """Sign `user` in, and return the new session's id."""
        session = secrets.token_urlsafe(32)
        self._users[session] = user
        return session

    def end(self, request: web.Request) -> None:
        """End the session of `request`; its id means nothing from now on."""
        self._users.pop(id_of(request), None)

    def user(self, request: web.Request) -> User | None:
        """Return who is signed in; `None` is a visitor who is not."""
        return self._users.get(id_of(request))

    def break_proxy(self, request: web.Request) -> None:
        """Let the login proxy keep the name of this session's user to itself, as a faulty one."""
        self._nameless.add(id_of(request))

    def mend_proxy(self, request: web.Request) -> None:
        """Let the login proxy say the name again."""
        self._nameless.discard(id_of(request))

    def is_broken(self, request: web.Request) -> bool:
        """Tell whether the login proxy keeps the name to itself."""
        return id_of(request) in self._nameless

    def identity(self, request: web.Request) -> dict[str, str]:
        """Return the identity headers that the login proxy adds; none for a stranger."""
        user = self.user(request)
        return user.headers() if user and not self.is_broken(request) else {}


def id_of(request: web.Request) -> str:
    """Return the session's id that a browser sent, valid or not."""
    return request.cookies.get(COOKIE, "")
