"""A request, with what is known of it so far."""

from __future__ import annotations

import time
from os import urandom
from typing import TYPE_CHECKING

import falcon.asgi

if TYPE_CHECKING:
    from app.destinations.destination import Destination


class Context:
    """What the parts of the service note on a request, for those after them and for the log.

    `request_id` is ours: one from outside would let anyone write into our log. `started` is in
    seconds of a clock that only counts. `refusal` is the code and the reason of one, `event` what
    the log calls an answer that is none; one without is neither counted nor written. `headers` are
    those of an answer that has not the ones of every other.
    """

    __slots__ = (
        "authenticator",
        "destination",
        "event",
        "headers",
        "refusal",
        "request_id",
        "started",
        "subject",
        "token_id",
    )

    def __init__(self) -> None:
        self.request_id = urandom(8).hex()
        self.started = time.perf_counter()
        self.destination: Destination | None = None
        self.authenticator: str | None = None
        self.subject: str | None = None
        self.token_id: str | None = None
        self.event: str | None = None
        self.headers: tuple[tuple[str, str], ...] | None = None
        self.refusal: tuple[str, str] | None = None


class Request(falcon.asgi.Request):
    """Falcon's request with our context, which is there even before any middleware."""

    context_type = Context
    context: Context  # type: ignore[assignment] # Falcon's own is a bag of attributes
