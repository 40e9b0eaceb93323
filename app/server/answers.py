"""Answers that go to a connection whole: head and body in one write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_CONTROLS: Final = bytes({*range(32), 127} - {ord("\t")})
_LINE_END_BYTES: Final = 2
_WITHOUT_LENGTH: Final = frozenset({204, 304})


def answered(cycle: RequestResponseCycle, app: ASGI3Application) -> Coroutine[Any, Any, None]:
    """Let an application answer a request."""
    send = _WholeAnswer(cycle).send
    return cycle.run_asgi(lambda scope, receive, _send: app(scope, receive, send))


class _WholeAnswer:
    """The answer to a request, for uvicorn's `cycle`: nothing is written before the body is there.

    Uvicorn's own `send` searches each field by itself: 1.4 us more, 3 % of a sign-on in process.
    """

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._start: Any = None

    async def send(self, message: Any) -> None:  # noqa: ANN401 - a message as ASGI has it
        """Take the head, then the body, and write both.

        Raises:
            RuntimeError: a field has a control character, or the body another length than it says.
        """
        cycle = self._cycle
        if message["type"] == "http.response.start":
            self._start = message
            cycle.response_started = True
            return
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        cycle.transport.write(self._answer(message))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()

    def _answer(self, message: Any) -> bytes:  # noqa: ANN401 - a message as ASGI has it
        """Return head and body as they go over the connection (RFC 9112, section 2.1)."""
        cycle, body, status = self._cycle, message.get("body", b""), self._start["status"]
        fields = dict(self._start["headers"])
        length = fields.get(b"content-length", b"0" if status in _WITHOUT_LENGTH else None)
        is_head = cycle.scope["method"] == "HEAD"
        if message.get("more_body") or not (is_head or length == b"%d" % len(body)):
            raise RuntimeError("an answer is not whole, or has another length than it says")
        if b"connection" in fields:
            cycle.keep_alive = False  # the service says `close`, and nothing else
        lines = [STATUS_LINE[status], *(b"%b: %b\r\n" % field for field in self._start["headers"])]
        if not cycle.keep_alive and b"connection" not in fields:
            lines.append(b"connection: close\r\n")
        head = b"".join(lines)
        if len(head.translate(None, _CONTROLS)) != len(head) - _LINE_END_BYTES * len(lines):
            raise RuntimeError("a field of an answer has a control character")
        return head + b"\r\n" + (b"" if is_head else body)
