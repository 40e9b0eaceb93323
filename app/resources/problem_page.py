"""A refusal in words: problem details for scripts, a page for people."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.resources.answers import Page, page_file
from app.resources.texts import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falcon.asgi import Response

    from app.resources.appearance import Appearance
    from app.resources.request import Request
    from app.resources.texts import Language

_HTML: Final = page_file("problem.html")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a code, and further members of the problem details.

    `login_tried` if the user comes back from the login; `retry_url` is then where to start anew.
    """

    status: int
    code: str
    members: Mapping[str, str] = field(default_factory=dict)
    login_tried: bool = False
    retry_url: str | None = None

    @property
    def login_url(self) -> str | None:
        """Where to sign in; `None` if that would not help, or nobody knows."""
        return self.members.get("login_url")

    @property
    def texts(self) -> str:
        """The name of the title and the sentence that people read."""
        return "login_tried" if self.login_tried else self.code


def write_problem(req: Request, resp: Response, answer: Answer) -> None:
    """Write problem details (RFC 9457), in English: their readers are programs and programmers."""
    problem = {
        "title": HTTPStatus(answer.status).phrase,
        "status": answer.status,
        "detail": ENGLISH[f"{answer.texts}.text"],
        "code": answer.code,
        "request_id": req.context.request_id,
        **answer.members,
    }
    resp.content_type = "application/problem+json"
    resp.text = json.dumps(problem)


class ProblemPage:
    """The page for people, in their language; `host_origins` may frame it."""

    def __init__(self, host_origins: tuple[str, ...], appearance: Appearance) -> None:
        self._page = Page(_HTML, appearance)
        self._policy = self._page.policy(framed_by=host_origins)
        self._origins = " ".join(host_origins)
        self._languages = appearance.languages

    def show(self, req: Request, resp: Response, answer: Answer, *, framed: bool) -> None:
        """Write the page. In a frame it has no background, so as to fit the page around it."""
        language = self._languages.preferred(req.get_header("Accept-Language") or "")
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Language", language.tag)
        resp.set_header("Content-Security-Policy", self._policy)
        resp.text = self._page.filled(
            language,
            markup={"action": _action(answer, language)},
            title=language.texts[f"{answer.texts}.title"],
            text=language.texts[f"{answer.texts}.text"],
            code=answer.code,
            request_id=req.context.request_id,
            origins=self._origins,
            place="frame" if framed else "window",
        )


def _action(answer: Answer, language: Language) -> str:
    if answer.login_url is not None:
        return _link(answer.login_url, language.texts["sign_in"])
    if answer.retry_url is not None:
        return _link(answer.retry_url, language.texts["try_again"])
    if answer.status in {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}:
        return f'<p><a href="">{html.escape(language.texts["try_again"])}</a></p>\n'
    return ""


def _link(address: str, words: str) -> str:
    """Return a link that leaves a frame: logins refuse to be framed."""
    return f'<p><a href="{html.escape(address)}" target="_top">{html.escape(words)}</a></p>\n'
