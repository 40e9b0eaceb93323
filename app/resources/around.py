"""Around every request: its id, one method, the headers of every answer, a line in the log."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import TYPE_CHECKING, Any

import falcon
import falcon.asgi
import structlog

from app.asking import READ, peer_address

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger("marketplace_sso")

_HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Vary", READ),
    ("X-Content-Type-Options", "nosniff"),
)


class Around:
    """Falcon middleware."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock

    async def process_request(self, req: falcon.asgi.Request, _resp: falcon.asgi.Response) -> None:
        """Give the request an id of ours: one from outside would let anyone write into our log."""
        context = req.context
        context.request_id = secrets.token_hex(8)
        context.started = self._clock()
        context.destination = context.authenticator = context.subject = context.token_id = None
        context.refusal = None

    async def process_resource(
        self,
        req: falcon.asgi.Request,
        _resp: falcon.asgi.Response,
        resource: object,
        _params: dict[str, Any],
    ) -> None:
        """Note where the request goes, and let only `GET` get there: a 307 would repeat a POST."""
        req.context.destination = getattr(resource, "destination", None)
        if req.method != "GET":
            raise falcon.HTTPMethodNotAllowed(("GET",))

    async def process_response(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        _resource: object,
        _succeeded: bool,  # noqa: FBT001 - the signature is Falcon's
    ) -> None:
        """Set what every answer has, and write the line before the answer goes out."""
        resp.set_headers(_HEADERS)
        resp.set_header("X-Request-ID", req.context.request_id)
        if req.context.destination is not None:
            self._write_line(req, resp)

    def _write_line(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        context = req.context
        code, reason = context.refusal or (None, None)
        write = log.info if code is None else log.warning
        write(
            "sign_on" if code is None else "refusal",
            request_id=context.request_id,
            peer=peer_address(req) or "unix",
            destination=context.destination.name,
            page=context.destination.page,
            authenticator=context.authenticator,
            subject=context.subject and _hashed(context.subject),
            jti=context.token_id,
            status=resp.status_code,
            code=code,
            reason=reason,
            duration_ms=round((self._clock() - context.started) * 1000, 3),
        )


def _hashed(subject: str) -> str:
    """Give what tells users apart without naming them."""
    return hashlib.sha256(subject.encode()).hexdigest()[:16]
