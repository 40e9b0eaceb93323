"""A request, and what becomes known of it on its way."""

from __future__ import annotations

import time
from os import urandom
from typing import TYPE_CHECKING, NamedTuple

import falcon.asgi

from app.errors import Cause

if TYPE_CHECKING:
    from app.authenticators.chain import HostSession
    from app.destinations.destination import Destination
    from app.telemetry.spans import ServerSpan


class Refusal(NamedTuple):
    """Why a request was refused: a stable code, and a reason for the log only."""

    code: str
    reason: str
    authenticator: str | None = None
    cause: Cause = Cause.OTHER


class Context:
    """What the log line tells of a request.

    `request_id` is ours: one from outside would let anyone write into our log. `started` is in
    seconds of `time.perf_counter`. The middleware sets `destination`, the resource `session` and
    `token_id`, the error handler `refusal`, tracing `span`. An authenticator says with
    `untrusted_peer` that it did not look at identity headers because of who sent them.
    """

    __slots__ = (
        "destination",
        "refusal",
        "request_id",
        "session",
        "span",
        "started",
        "token_id",
        "untrusted_peer",
    )

    def __init__(self) -> None:
        self.request_id = urandom(8).hex()
        self.started = time.perf_counter()
        self.destination: Destination | None = None
        self.session: HostSession | None = None
        self.token_id: str | None = None
        self.refusal: Refusal | None = None
        self.untrusted_peer = False
        self.span: ServerSpan | None = None

    @property
    def outcome(self) -> str:
        """What became of a sign-on: one of `OUTCOMES`."""
        if self.refusal is not None:
            return "refused"
        return "browsing" if self.session is None else "signed_on"


class Request(falcon.asgi.Request):
    """Falcon's request with a typed context, which exists before any middleware runs."""

    context_type = Context
    context: Context  # type: ignore[assignment] # Falcon's own is a bag of attributes
