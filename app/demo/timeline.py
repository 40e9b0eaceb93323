"""What happened on the way to the marketplace: each request, its answer, and the verdict."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from aiohttp import web

from app.demo.answers import Answer
from app.demo.verdict import Verdict

MOST_STEPS = 60  # of a session; the oldest ones go
MOST_SESSIONS = 100


@dataclass(frozen=True)
class Visit:
    """Who came to the marketplace with a token, and what became of it."""

    asked: str
    status: int
    state: str
    words: str
    objections: tuple[str, ...]

    @classmethod
    def of(cls, request: web.Request, status: int, verdict: Verdict) -> Self:
        """Return the visit that `request` was, without the token in its address."""
        words = f"{verdict.headline}. {verdict.detail}"
        asked = f"{request.method} {request.path}"
        return cls(asked, status, verdict.state, words, verdict.objections)


@dataclass
class Step:
    """A request, the headers that the login proxy added to it, and the answer."""

    number: int
    asked: str
    identity: Mapping[str, str]
    answer: Answer
    visits: list[Visit] = field(default_factory=list)


class Timeline:
    """The steps of each session, by its id: nobody sees those of another one."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, list[Step]] = OrderedDict()
        self._count = 0

    def add(
        self, session: str, asked: str, answer: Answer, identity: Mapping[str, str] | None = None
    ) -> None:
        """Keep a step of a session; a visitor without one has none."""
        if not session:
            return
        self._count += 1
        steps = self._sessions.setdefault(session, [])
        steps.append(Step(self._count, asked, identity or {}, answer))
        del steps[:-MOST_STEPS]
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def visited(self, token: str, visit: Visit) -> None:
        """Keep what became of `token`, with the step that it came from."""
        for steps in self._sessions.values():
            for step in steps:
                if token and step.answer.token == token:
                    step.visits.append(visit)

    def steps(self, session: str) -> list[dict[str, Any]]:
        """Return the steps of a session as JSON, the oldest first."""
        return [asdict(step) for step in self._sessions.get(session, [])]

    def forget(self, session: str) -> None:
        """Forget the steps of a session that was signed out."""
        self._sessions.pop(session, None)


def asked(request: web.Request) -> str:
    """Return a request's first line, as far as it says something."""
    return f"{request.method} {request.rel_url.raw_path_qs}"
