"""Redirects, JSON, problem details and pages."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

import structlog

from app.errors import AuthenticatorUnavailable, MissingClaim, SignOnError
from app.resources.fetch_metadata import Asker, asker
from app.resources.page import Page
from app.resources.redirect import redirect
from app.telemetry.logs import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    import falcon
    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.request import Request

Ids = dict[str, str]

log = structlog.get_logger("marketplace_sso")

_CODES: Final = {404: "not_found", 405: "method_not_allowed", 431: "headers_too_large"}
"""The codes of errors that HTTP knows before we do; every other one is a `bad_request`."""

WORDS: Final = {
    "no_session": ("Please sign in", "You are not signed in, or your session is over."),
    "invalid_session": ("Please sign in again", "Your session could not be confirmed."),
    "access_denied": ("No access", "Your account may not open this marketplace."),
    "missing_claim": (
        "Your account lacks something",
        "The marketplace needs to know more than your account says. Ask your administrator.",
    ),
    "foreign_request": (
        "Not from there",
        "This address opens only from the application that it belongs to.",
    ),
    "not_found": ("Not found", "There is nothing at this address."),
    "invalid_parameter": (
        "This address is damaged",
        "A parameter is there twice, or has a value that none may have.",
    ),
    "bad_request": ("This request is damaged", "It could not be understood."),
    "method_not_allowed": ("Not that way", "This address can only be opened, with GET."),
    "headers_too_large": (
        "This request is too large",
        "Its header fields are too large together. Deleting cookies of this site may help.",
    ),
    "authenticator_unavailable": (
        "One moment, please",
        "Your session cannot be checked right now. Try again in a few seconds.",
    ),
    "location_too_long": (
        "Too much to carry",
        "The marketplace's address would be too long. Ask your administrator.",
    ),
    "internal_error": ("Something broke", "The fault is ours, not yours. Try again later."),
}
"""What people read, by the code that scripts read."""

_PAGE: Final = Page("problem.html")


@dataclass(frozen=True, slots=True)
class Login:
    """Where users sign in, and how they come back to `public_url`."""

    url: str | None
    return_parameter: str
    public_url: str | None

    def leading_back_to(self, path: str | None) -> str | None:
        """Give the login's address that leads back to a path of ours; `None` without a login."""
        if self.url is None or path is None:
            return self.url
        query = urlencode({self.return_parameter: f"{self.public_url}{path}"})
        return f"{self.url}{'&' if '?' in self.url else '?'}{query}"

    def told(self, path: str | None) -> dict[str, str]:
        """Give what scripts are told: the login's address, and how it takes the way back.

        A page that shows the marketplace has users come back to itself instead.
        """
        address = self.leading_back_to(path)
        if address is None:
            return {}
        return {"login_url": address, "return_parameter": self.return_parameter}


class _Refusal(NamedTuple):
    """What is answered: a code for scripts, a reason for the log only."""

    status: int
    code: str
    reason: str
    members: Mapping[str, str] = MappingProxyType({})

    @property
    def login_url(self) -> str | None:
        return self.members.get("login_url")


class Refusals:
    """Answers a refusal by who asks: a login redirect, a page, or problem details (RFC 9457).

    Its methods are Falcon error handlers. `status` says what HTTP calls each error.
    """

    def __init__(
        self,
        status: Mapping[type[SignOnError], int],
        login: Login,
        host_origins: tuple[str, ...],
    ) -> None:
        self._status = status
        self._login = login
        self._host_origins = " ".join(host_origins)
        self._policy = _PAGE.policy(framed_by=host_origins)

    async def refusal(self, req: Request, resp: Response, error: SignOnError, ids: Ids) -> None:
        """Answer what the line raised."""
        req.context.authenticator = error.authenticator or req.context.authenticator
        status = self._status[type(error)]
        members = {"claim": error.claim} if isinstance(error, MissingClaim) else {}
        destination = req.context.destination
        if status == HTTPStatus.UNAUTHORIZED and destination is not None:
            members = self._login.told(_return_path(req, destination, ids))
        if isinstance(error, AuthenticatorUnavailable):
            resp.set_header("Retry-After", str(error.retry_after_seconds))
        self._answer(req, resp, _Refusal(status, error.code, str(error), members))

    async def http_error(
        self, req: Request, resp: Response, error: falcon.HTTPError, _ids: Ids
    ) -> None:
        """Answer what Falcon found wrong with a request."""
        # A method called WEBSOCKET is a bad request to Falcon; to everybody else it is a method.
        status = 405 if req.method == "WEBSOCKET" else error.status_code
        code = _CODES.get(status, "bad_request")
        resp.set_headers({"Allow": "GET"} if code == "method_not_allowed" else {})
        self._answer(req, resp, _Refusal(status, code, code))

    async def fault(self, req: Request, resp: Response, error: Exception, _ids: Ids) -> None:
        """Answer a mistake of ours. Its text may quote what nobody is to read."""
        log.error(
            "fault", request_id=req.context.request_id, error=type(error).__name__, at=places(error)
        )
        self._answer(req, resp, _Refusal(500, "internal_error", type(error).__name__))

    def _answer(self, req: Request, resp: Response, refusal: _Refusal) -> None:
        req.context.refusal = (refusal.code, refusal.reason)
        who = asker(req)
        if who is Asker.PAGE and refusal.login_url is not None:
            redirect(resp, refusal.login_url, status=302)
            return
        resp.status = refusal.status
        if who is Asker.SCRIPT:
            _problem(req, resp, refusal)
        else:
            resp.set_header("Content-Security-Policy", self._policy)
            _page(req, resp, refusal, self._host_origins)


def _return_path(req: Request, destination: Destination, ids: Ids) -> str | None:
    try:
        destination.check_ids(ids)
        return destination.path(ids, destination.checked_parameters(req.query_string))
    except SignOnError:
        return None


def _problem(req: Request, resp: Response, refusal: _Refusal) -> None:
    problem = {
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": WORDS[refusal.code][1],
        "code": refusal.code,
        "request_id": req.context.request_id,
        **refusal.members,
    }
    resp.content_type = "application/problem+json"
    resp.text = json.dumps(problem)


def _page(req: Request, resp: Response, refusal: _Refusal, host_origins: str) -> None:
    title, text = WORDS[refusal.code]
    action = ""
    if refusal.login_url is not None:
        address = html.escape(refusal.login_url)
        action = f'<p><a href="{address}" target="_top">Sign in</a></p>\n'
    elif refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        action = '<p><a href="">Try again</a></p>\n'
    resp.content_type = "text/html; charset=utf-8"
    resp.text = _PAGE.filled(
        markup={"action": action},
        title=title,
        text=text,
        code=refusal.code,
        request_id=req.context.request_id,
        origins=host_origins,
    )
