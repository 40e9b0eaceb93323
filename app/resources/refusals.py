"""Answers to refused requests: a login redirect, a page, or problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog

from app.errors import AuthenticatorUnavailable, MissingClaim, SignOnError
from app.resources.answers import redirect
from app.resources.fetch_metadata import Asker, asker
from app.resources.problem_page import Answer, ProblemPage, write_problem
from app.resources.request import Refusal
from app.telemetry.logs import places

if TYPE_CHECKING:
    from collections.abc import Mapping

    import falcon
    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.appearance import Appearance
    from app.resources.login import Login
    from app.resources.request import Request

Ids = dict[str, str]

log = structlog.get_logger("marketplace_sso")

_CODES: Final = {404: "not_found", 405: "method_not_allowed", 431: "headers_too_large"}
"""Codes of the errors that Falcon raises; every other one is a `bad_request`."""


class Refusals:
    """Falcon error handlers that answer by who asks (a page, a frame, a script).

    `status` is the HTTP status of each error; `host_origins` may frame the pages, which have the
    host's `appearance`.
    """

    def __init__(
        self,
        status: Mapping[type[SignOnError], int],
        login: Login,
        host_origins: tuple[str, ...],
        appearance: Appearance,
    ) -> None:
        self._status = status
        self._login = login
        self._page = ProblemPage(host_origins, appearance)

    async def refusal(self, req: Request, resp: Response, error: SignOnError, ids: Ids) -> None:
        """Answer a refused sign-on."""
        req.context.refusal = Refusal(error.code, str(error), error.authenticator, error.cause)
        status = self._status[type(error)]
        members = {"claim": error.claim} if isinstance(error, MissingClaim) else {}
        answer = Answer(status, error.code, members)
        destination = req.context.destination
        if status == HTTPStatus.UNAUTHORIZED and destination is not None:
            answer = self._signed_out(req, error, _return_path(req, destination, ids))
        if isinstance(error, AuthenticatorUnavailable):
            resp.set_header("Retry-After", str(error.retry_after_seconds))
        self._answer(req, resp, answer)

    async def http_error(
        self, req: Request, resp: Response, error: falcon.HTTPError, _ids: Ids
    ) -> None:
        """Answer what Falcon found wrong with a request."""
        status = error.status_code
        code = _CODES.get(status, "bad_request")
        req.context.refusal = Refusal(code, code)
        if code == "method_not_allowed":
            resp.set_header("Allow", dict(error.headers or ()).get("Allow", "GET"))
        self._answer(req, resp, Answer(status, code))

    async def fault(self, req: Request, resp: Response, error: Exception, _ids: Ids) -> None:
        """Answer a bug of ours; its text may quote a credential, so only its class is logged."""
        log.error(
            "fault", request_id=req.context.request_id, error=type(error).__name__, at=places(error)
        )
        req.context.refusal = Refusal("internal_error", type(error).__name__)
        self._answer(req, resp, Answer(500, "internal_error"))

    def _signed_out(self, req: Request, error: SignOnError, path: str | None) -> Answer:
        """Lead to the login and back to `path`, unless the user comes from there without a session.

        A login that leads back here with a session that is not believed would lead round and round.
        """
        if not self._login.was_tried(req.query_string):
            return Answer(401, error.code, self._login.members(path))
        reason = f"{error}; the login was tried"
        req.context.refusal = Refusal(error.code, reason, error.authenticator, error.cause)
        retry_url = None if path is None else self._login.address_of(path)
        return Answer(401, error.code, login_tried=True, retry_url=retry_url)

    def _answer(self, req: Request, resp: Response, answer: Answer) -> None:
        who = asker(req)
        if who is Asker.PAGE and answer.login_url is not None:
            redirect(resp, answer.login_url, status=302)
            return
        resp.status = answer.status
        if who is Asker.SCRIPT:
            write_problem(req, resp, answer)
        else:
            self._page.show(req, resp, answer, framed=who is Asker.FRAME)


def _return_path(req: Request, destination: Destination, ids: Ids) -> str | None:
    """Return our path to come back to; `None` where the request's own address is invalid."""
    try:
        destination.check_ids(ids)
        return destination.path(ids, destination.checked_parameters(req.query_string))
    except SignOnError:
        return None
