"""One request and its answer, as ASGI has them: no body comes, and the answer goes out whole."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.telemetry.logs import places

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

    from app.server.protocol import BoundedProtocol

STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}

_CONTROLS: Final = bytes({*range(32), 127} - {ord("\t")})
_LINE_END_BYTES: Final = 2
_WITHOUT_LENGTH: Final = frozenset({204, 304})
_REQUEST: Final = {"type": "http.request", "body": b"", "more_body": False}

log = structlog.get_logger("marketplace_sso")


class Exchange:
    """A request on a connection, with its ASGI `scope`; without `keep_alive` the last one there.

    Uvicorn's own writes answers in pieces, and makes an event, a buffer and a timer for each
    request: with it, a sign-on takes about 9 % longer.
    """

    __slots__ = ("_connection", "_start", "is_over", "keep_alive", "scope")

    def __init__(self, connection: BoundedProtocol, scope: Any, *, keep_alive: bool) -> None:  # noqa: ANN401 - as ASGI has it
        self.scope = scope
        self.keep_alive = keep_alive
        self.is_over = False
        self._connection = connection
        self._start: Any = None

    async def run(self, app: ASGI3Application) -> None:
        """Let an application answer; one that does not is a fault, and the answer a 500."""
        try:
            await app(self.scope, self.receive, self.send)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever it raises
            told = {"error": type(error).__name__, "at": places(error)}
            log.error("fault", **told)  # noqa: TRY400 - the text may quote a credential
        else:
            if not self.is_over:
                log.error("fault", error="no answer")
        if not self.is_over:
            self.is_over = True
            self._connection.refuse(500)

    async def receive(self) -> Any:  # noqa: ANN401 - a message as ASGI has it
        """Return that there is no body: what comes of one is dropped."""
        return _REQUEST

    async def send(self, message: Any) -> None:  # noqa: ANN401 - a message as ASGI has it
        """Take the head, then the body, and write both.

        Raises:
            RuntimeError: a field has a control character, or the body another length than it says.
        """
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._connection.flow.write_paused:
            await self._connection.flow.drain()
        answer = self._whole(message)
        self.is_over = True
        self._connection.answer(answer, keep_alive=self.keep_alive)

    def _whole(self, message: Any) -> bytes:  # noqa: ANN401 - a message as ASGI has it
        """Return head and body as they go over the connection (RFC 9112, section 2.1)."""
        body, status = message.get("body", b""), self._start["status"]
        fields = dict(self._start["headers"])
        length = fields.get(b"content-length", b"0" if status in _WITHOUT_LENGTH else None)
        is_head = self.scope["method"] == "HEAD"
        if message.get("more_body") or not (is_head or length == b"%d" % len(body)):
            raise RuntimeError("an answer is not whole, or has another length than it says")
        if b"connection" in fields:
            self.keep_alive = False  # the service says `close`, and nothing else
        lines = [STATUS_LINES[status], *self._connection.common_lines]
        lines += [b"%b: %b\r\n" % field for field in self._start["headers"]]
        if not self.keep_alive and b"connection" not in fields:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if len(head.translate(None, _CONTROLS)) != len(head) - _LINE_END_BYTES * len(lines):
            raise RuntimeError("a field of an answer has a control character")
        return head + b"\r\n" + (b"" if is_head else body)
