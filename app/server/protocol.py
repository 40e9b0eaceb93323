"""One connection: requests come, are answered in turn, and keep to their deadlines."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.utils import get_local_addr, get_remote_addr

from app.server.exchange import STATUS_LINES, Exchange
from app.server.request_parser import BadRequest, RequestParser, Scope

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

    from app.server.connections import Connections

_LINGER_SECONDS: Final = 1.0
_REFUSAL: Final = (
    b"cache-control: no-store\r\n"
    b"connection: close\r\n"
    b"content-length: 0\r\n"
    b"referrer-policy: no-referrer\r\n"
    b"server: marketplace-sso\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"\r\n"
)


class BoundedProtocol(asyncio.Protocol):
    """One connection. All but plain requests get a 4xx, and nothing after one is read.

    Uvicorn's server makes it, and asks for `transport` and `shutdown`.
    """

    def __init__(
        self,
        *,
        among: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # noqa: ARG002 - nothing of the lifespan's is needed
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.transport: asyncio.Transport
        self.flow: FlowControl
        self._app = config.loaded_app
        self._loop = _loop or asyncio.get_running_loop()
        self._server = server_state
        self._among = among
        self._ends: dict[str, Any] = {}
        self._requests = RequestParser(self._on_request)
        self._discards = self._is_ended = False
        self._last: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def common_lines(self) -> list[bytes]:
        """Return the lines of every answer: the date, which uvicorn's server writes each second.

        RFC 9110, section 6.6.1, wants one.
        """
        return [b"%b: %b\r\n" % field for field in self._server.default_headers]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is one
        """Start the deadline of the first head."""
        self.transport = transport
        self.flow = FlowControl(transport)
        self._ends = {"client": get_remote_addr(transport), "server": get_local_addr(transport)}
        self._server.connections.add(self)  # type: ignore[arg-type] # like its own
        self._among.begin_head(self)
        self._among.make_room(self, len(self._server.connections))

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection."""
        self._requests.end()
        self._among.forget(self)
        self._server.connections.discard(self)
        self.flow.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self._discards:
            return
        self._among.begin_head(self)
        self._task = None
        try:
            self._requests.feed(data)
        except BadRequest as error:
            self._end(error.status)

    def eof_received(self) -> bool:
        """Answer what is under way: a client may end its side first (RFC 9112, section 9.6)."""
        self._is_ended = True
        self.shutdown()
        return not self.is_idle()

    def pause_writing(self) -> None:
        """Let answers wait until the other side reads, which has a deadline."""
        self.flow.pause_writing()
        self._among.begin_unread(self)

    def resume_writing(self) -> None:
        """Let them go on."""
        self.flow.resume_writing()
        self._among.end_unread(self)

    def is_idle(self) -> bool:
        """Whether no request is under way."""
        return self._last is None or self._last.is_over

    def shutdown(self) -> None:
        """End after the request under way; an idle connection lives out its keep-alive."""
        if self._last is not None:
            self._last.keep_alive = False

    def hang_up(self) -> None:
        """Close at once."""
        self._among.forget(self)
        self.transport.abort()

    def answer(self, answer: bytes, *, keep_alive: bool) -> None:
        """Write the answer to the request under way, and go on to the next one."""
        if self.transport.is_closing():
            return
        self.transport.write(answer)
        if not keep_alive:
            self._close()
        elif self._waiting:
            self._begin(self._waiting.popleft())
        else:
            self.flow.resume_reading()
            self._among.begin_idle(self)

    def refuse(self, status: int) -> None:
        """Answer with an error of the server's own; nothing is read after it."""
        self._discards = True
        self._among.end_head(self)
        if not self.transport.is_closing():
            self.transport.write(b"".join([STATUS_LINES[status], *self.common_lines, _REFUSAL]))
            self._close()

    def _on_request(self, scope: Scope, is_kept: bool) -> None:  # noqa: FBT001 - as the parser tells it
        """Answer a request, after those before it."""
        self._among.end_head(self)
        self._discards = self._requests.is_done
        before = self._last
        keep_alive = is_kept and not self._among.ending
        exchange = self._last = Exchange(self, scope | self._ends, keep_alive=keep_alive)
        if before is None or before.is_over:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self.flow.pause_reading()

    def _begin(self, exchange: Exchange) -> None:
        """Start a task, which runs once the bytes that came with its head are parsed."""
        task = self._task = self._loop.create_task(exchange.run(self._app))
        self._server.tasks.add(task)
        task.add_done_callback(self._server.tasks.discard)

    def _end(self, status: int) -> None:
        """Answer a 4xx and close; after a request that is being answered already, only close."""
        self._discards = True
        self._among.end_head(self)
        if self._task is not None:  # what follows its head is no HTTP: it never runs
            self._task.cancel()
        elif not self.is_idle():
            self.shutdown()
            return
        self.refuse(status)

    def _close(self) -> None:
        """Close, a little later where bytes may come that nobody reads.

        Closing at once would reset the connection, and the answer be lost (RFC 9112, section 9.6).
        """
        self._last = None
        self._waiting.clear()
        if self._is_ended or not self._discards:
            self.transport.close()
        else:
            self.transport.write_eof()
            self.flow.resume_reading()
            self._loop.call_later(_LINGER_SECONDS, self.transport.close)
