"""HTTP/1.1 with bounds: uvicorn's protocol, and what it lacks where strangers connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.server.answers import answered
from app.server.connections import Lingering, linger
from app.server.methods import with_known_method

if TYPE_CHECKING:
    import asyncio

    from app.server.connections import Connections

MAX_HEAD_BYTES: Final = 48 * 1024
"""A request line, header fields of 32 KiB, and names with an underscore, which do not count."""

MAX_TARGET_BYTES: Final = 8176
"""The target of a request line of 8190 bytes with its method and version."""

MAX_FIELDS: Final = 100

_VERSIONS: Final = frozenset({"1.0", "1.1"})
_METHOD_BYTES: Final = 40
_REFUSAL: Final = (
    b"cache-control: no-store\r\n"
    b"connection: close\r\n"
    b"content-length: 0\r\n"
    b"referrer-policy: no-referrer\r\n"
    b"server: marketplace-sso\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. All but plain requests get a 4xx, and nothing after one is read."""

    def __init__(self, *args: Any, among: Connections, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
        super().__init__(*args, **options)
        self._among = among
        self._head_bytes = 0
        self._status = 400
        self._task: asyncio.Task[None] | None = None
        self._discards = False
        self._has_host = self._has_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Start the deadline of the first head."""
        super().connection_made(transport)
        self._among.begin_head(self)
        self._among.make_room(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._among.end_head(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came, a head no further than its bound."""
        if self._discards:
            return
        self._unset_keepalive_if_required()
        self._among.begin_head(self)
        left = MAX_HEAD_BYTES - self._head_bytes
        if self._head_bytes == 0:
            if b"  " in data[:_METHOD_BYTES].partition(b"\r")[0]:
                self._refuse(400)  # a request line with two blanks, which the parser takes
                return
            data = with_known_method(data)
        self._head_bytes += len(data)
        self._task = None
        self._feed(data[:left])
        if len(data) > left and not self._discards:
            if self._head_bytes:
                self._refuse(431)
            else:
                self._feed(data[left:])

    def eof_received(self) -> bool:  # type: ignore[override] # as asyncio has it
        """Answer what is under way: a client may end its side first (RFC 9112, section 9.6)."""
        if self.is_idle():
            return False
        self.cycle.keep_alive = False
        return True

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # nothing is upgraded: an answer as to any other request
        except httptools.HttpParserError:
            if self._status:
                self._refuse(self._status)

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._discards:
            self._stop(0)
        super().on_message_begin()
        self._has_host = self._has_body = False

    def on_url(self, url: bytes) -> None:
        """Bound the target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._stop(414)
        if b"#" in self.url.partition(b"?")[0]:  # a path has no fragment (RFC 9112, section 3.2)
            self._stop(400)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field, unless its name has an underscore: others read that as a hyphen."""
        if b"_" in name:
            return
        name, value = name.lower(), value.strip(b" \t")  # the parser leaves tabs
        if name == b"host":
            if self._has_host:
                self._stop(400)
            self._has_host = True
        elif name == b"content-length":
            self._has_body = self._has_body or value != b"0"
        elif name == b"transfer-encoding":
            self._has_body = True
            if value.lower() != b"chunked":
                self._stop(400)
        elif name == b"upgrade" and value.lower() == b"websocket":
            self._stop(400)
        if len(self.headers) >= MAX_FIELDS:
            self._stop(431)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Answer the request; a body is never waited for, and nothing is read after it."""
        version = self.parser.get_http_version()
        if version not in _VERSIONS or (version == "1.0" and self._is_chunked()):
            self._stop(400)
        super().on_headers_complete()
        self._among.end_head(self)
        self._head_bytes = 0
        if self._has_body or self.parser.should_upgrade():
            self._discards = True
            self.cycle.transport = Lingering(self)  # type: ignore[assignment] # what a cycle uses of it
            self.cycle.more_body = False
            self.cycle.message_event.set()
            self.cycle.keep_alive = False
        elif self._among.ending:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Drop it: the service has no use for a body."""

    def on_message_complete(self) -> None:
        """Let the application begin; with a body it has begun already."""
        if not self._discards:
            super().on_message_complete()

    def shutdown(self) -> None:
        """End after the request under way; an idle connection lives out its keep-alive."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def _is_chunked(self) -> bool:
        return any(name == b"transfer-encoding" for name, _ in self.headers)

    def is_idle(self) -> bool:
        """Whether no request is under way and none has begun."""
        return self.cycle is None or self.cycle.response_complete

    def hang_up(self) -> None:
        """Close at once."""
        self._among.end_head(self)
        self.transport.abort()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:  # noqa: ANN401 - uvicorn's own types
        """Start a task, which runs once the bytes that came with its head are parsed."""
        task = self._task = self.loop.create_task(answered(cycle, app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _stop(self, status: int) -> None:
        """End the parsing of a request with a refusal."""
        self._status = status
        raise ValueError(status)

    def _refuse(self, status: int) -> None:
        """Answer a 4xx and close; after a request that is being answered already, only close."""
        self._discards = True
        self._among.end_head(self)
        if self._task is not None:  # what follows its head is no HTTP: it never runs
            self._task.cancel()
        elif not self.is_idle():
            self.cycle.keep_alive = False
            return
        self.transport.write(STATUS_LINE[status] + _REFUSAL)
        linger(self)
