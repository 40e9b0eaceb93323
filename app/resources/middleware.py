"""What holds for every request: its bounds, its one method, its answer's headers, its log line."""

from __future__ import annotations

import hashlib
import re
import time
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import falcon
import structlog

from app.authenticators.headers.peers import peer_address
from app.resources.counts import count
from app.resources.fetch_metadata import READ
from app.telemetry.trace_context import trace_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.cors import Cors
    from app.resources.request import Refusal, Request

MAX_HEADER_BYTES: Final = 32768
"""All header fields together, as sent; AWS load balancers alone add 11 KiB."""

_METHODS: Final = ("GET",)
_FIELD_OVERHEAD_BYTES: Final = 4  # a colon, a blank, CR and LF

_MANY_READINGS: Final = re.compile(rb"//|%2f", re.IGNORECASE)
"""What a proxy in front may read as another path."""

_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Server", "marketplace-sso"),
    ("Vary", READ),
    ("X-Content-Type-Options", "nosniff"),
)
"""Headers of every answer, unless its resource has `response_headers` and succeeded."""


class RequestBounds:
    """Refuses requests that are too large, ambiguous, or have another method than `GET`.

    A resource that may be asked with `HEAD`, too, lists its `methods`.
    `metrics_port` is the port that answers `/metrics` only, if there is one.
    """

    def __init__(self, cors: Cors, metrics_port: int | None = None) -> None:
        self._cors = cors
        self._metrics_port = metrics_port

    async def process_request(self, req: Request, _resp: Response) -> None:
        """Refuse too many header bytes, and paths that a proxy in front may read differently.

        With a port of their own, metrics are there only, and nothing else is.
        """
        if self._metrics_port is not None:
            here = (req.scope.get("server") or (None, None))[1] == self._metrics_port
            if here != (req.path == "/metrics"):
                raise falcon.HTTPNotFound
        fields = req.scope["headers"]
        size = len(b"".join(chain.from_iterable(fields))) + _FIELD_OVERHEAD_BYTES * len(fields)
        if size > MAX_HEADER_BYTES:
            raise falcon.HTTPRequestHeaderFieldsTooLarge
        if _MANY_READINGS.search(req.scope.get("raw_path") or b""):
            raise falcon.HTTPNotFound

    async def process_resource(
        self, req: Request, resp: Response, resource: object, _params: dict[str, Any]
    ) -> None:
        """Let its methods and CORS preflights through: a 307 would repeat a POST and its body."""
        if self._cors.answer_preflight(req, resp, resource):
            return
        req.context.destination = getattr(resource, "destination", None)
        methods = getattr(resource, "methods", _METHODS)
        if req.method not in methods:
            raise falcon.HTTPMethodNotAllowed(methods)


class ResponseHeaders:
    """Sets the headers of every answer, and closes connections while the server drains."""

    def __init__(self, cors: Cors, is_draining: Callable[[], bool]) -> None:
        self._cors = cors
        self._is_draining = is_draining

    async def process_response(
        self,
        req: Request,
        resp: Response,
        resource: object,
        succeeded: bool,  # noqa: FBT001 - the signature is Falcon's
    ) -> None:
        """Set them; a redirect is never opened to scripts of other origins.

        A 304 is opened: Firefox keeps one answer for all origins, and takes the new one's headers.
        """
        own = getattr(resource, "response_headers", _HEADERS)
        resp.set_headers(own if succeeded else _HEADERS)
        if resp.get_header("Content-Language"):
            resp.append_header("Vary", "Accept-Language")
        resp.set_header("X-Request-ID", req.context.request_id)
        if self._is_draining():
            resp.set_header("Connection", "close")
        if resp.get_header("Location") is None:
            self._cors.open_answer(req, resp, resource)


class SignOnLog:
    """Writes one line for each sign-on and refusal before it is answered, and counts sign-ons."""

    def __init__(self) -> None:
        # Bound here, once a worker: a logger that is bound for each line is 5 % of a sign-on.
        self._log = structlog.get_logger("marketplace_sso").bind()

    async def process_response(
        self,
        req: Request,
        resp: Response,
        resource: object,
        _succeeded: bool,  # noqa: FBT001 - the signature is Falcon's
    ) -> None:
        """Log and count the answer of a vendor's page; a session check only if it is refused."""
        destination = req.context.destination
        if destination is None:
            return
        signs_on = getattr(resource, "signs_on", False)
        seconds = time.perf_counter() - req.context.started
        outcome = req.context.outcome
        count(destination, outcome, req.context.refusal, seconds=seconds, signs_on=signs_on)
        if signs_on or req.context.refusal is not None:
            unusual = _is_unusual(req.context.refusal)
            write = self._log.warning if unusual else self._log.info
            write(
                "refusal" if req.context.refusal else "sign_on",
                **_fields(req, destination),
                status=resp.status_code,
                outcome=outcome,
                duration_us=int(seconds * 1e6),
                **_trace(req),
            )


def _is_unusual(refusal: Refusal | None) -> bool:
    """Whether somebody should look: every first visit is one without a session."""
    return refusal is not None and refusal.code != "no_session"


def _fields(req: Request, destination: Destination) -> dict[str, Any]:
    session, refusal = req.context.session, req.context.refusal
    authenticator = session.authenticator if session else refusal and refusal.authenticator
    return {
        "request_id": req.context.request_id,
        "peer": peer_address(req) or "unix",
        "destination": destination.name,
        "page": destination.page,
        "authenticator": authenticator,
        "subject": _hashed(session.identity.subject) if session else None,
        "jti": req.context.token_id,
        "code": refusal and refusal.code,
        "reason": refusal and refusal.reason,
    }


def _trace(req: Request) -> dict[str, str]:
    span = req.context.span
    trace = trace_id(req.scope["headers"]) if span is None else span.trace_id
    return {} if trace is None else {"trace_id": trace}


def _hashed(subject: str) -> str:
    """Return what tells users apart without naming them."""
    return hashlib.blake2b(subject.encode(), digest_size=8).hexdigest()
