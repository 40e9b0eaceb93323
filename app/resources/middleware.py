"""Around every request: its bounds, its one method, the headers of every answer, its log line."""

from __future__ import annotations

import hashlib
import time
from itertools import chain
from typing import TYPE_CHECKING, Any

import falcon

from app.authenticators.headers.peers import peer_address
from app.resources.fetch_metadata import READ
from app.server import draining
from app.telemetry import logs, metrics

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.cors import Cors
    from app.resources.request import Request

MAX_HEADER_BYTES = 32768
"""All header fields together, as they stand on the wire; AWS load balancers alone send 11 KiB."""

_FIELD_OVERHEAD_BYTES = 4  # a colon, a blank, CR and LF

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Server", "marketplace-sso"),
    ("Vary", READ),
    ("X-Content-Type-Options", "nosniff"),
)


class Around:
    """Falcon middleware. `cors` opens answers to scripts of other origins."""

    def __init__(self, cors: Cors) -> None:
        self._cors = cors

    async def process_request(self, req: Request, _resp: Response) -> None:
        """Refuse what is too much, and paths that a proxy in front may have read as others."""
        fields = req.scope["headers"]
        size = len(b"".join(chain.from_iterable(fields))) + _FIELD_OVERHEAD_BYTES * len(fields)
        if size > MAX_HEADER_BYTES:
            raise falcon.HTTPRequestHeaderFieldsTooLarge
        path = req.scope.get("raw_path") or b""
        if b"//" in path or b"%2f" in path.lower():
            raise falcon.HTTPNotFound

    async def process_resource(
        self, req: Request, resp: Response, resource: object, _params: dict[str, Any]
    ) -> None:
        """Note where the request goes, and let only `GET` get there: a 307 would repeat a POST."""
        req.context.destination = getattr(resource, "destination", None)
        req.context.event = getattr(resource, "event", None)
        if req.method != "GET":
            self._cors.answer_preflight(req, resp, resource)
            if not resp.complete:
                raise falcon.HTTPMethodNotAllowed(("GET",))

    async def process_response(
        self,
        req: Request,
        resp: Response,
        resource: object,
        _succeeded: bool,  # noqa: FBT001 - the signature is Falcon's
    ) -> None:
        """Set what every answer has, and write the line before the answer goes out."""
        context = req.context
        status = resp.status_code
        resp.set_headers((*(context.headers or _HEADERS), ("X-Request-ID", context.request_id)))
        if draining.is_under_way():
            resp.set_header("Connection", "close")
        if not 300 <= status < 400:  # noqa: PLR2004 - a redirect
            self._cors.open_answer(req, resp, resource)
        if context.destination is not None and (context.event or context.refusal):
            _account_for(req, status, context.destination)


def _account_for(req: Request, status: int, destination: Destination) -> None:
    """Write the line of a sign-on or a refusal; questions about the session are not counted."""
    context = req.context
    seconds = time.perf_counter() - context.started
    level, event, code, reason = "info", context.event, None, None
    outcome = "signed_on" if context.subject else "browsing"
    if context.refusal is not None:
        level, event, outcome = "warning", "refusal", "refused"
        code, reason = context.refusal
    if context.event is not None:
        metrics.sign_ons(destination.name, destination.page, outcome, code or "").inc()
        metrics.sign_on_seconds(destination.name, destination.page).observe(seconds)
    logs.write(
        level,
        event or "refusal",
        {
            "request_id": context.request_id,
            "peer": peer_address(req) or "unix",
            "destination": destination.name,
            "page": destination.page,
            "authenticator": context.authenticator,
            "subject": context.subject and _hashed(context.subject),
            "jti": context.token_id,
            "status": status,
            "outcome": outcome,
            "code": code,
            "reason": reason,
            "duration_us": int(seconds * 1e6),
        },
    )


def _hashed(subject: str) -> str:
    """Give what tells users apart without naming them."""
    return hashlib.blake2b(subject.encode(), digest_size=8).hexdigest()
