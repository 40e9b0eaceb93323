"""The connections of a worker: who is late, who makes room, and how one is closed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from app.server.protocol import BoundedProtocol

_LINGER_SECONDS: Final = 1.0
_FAREWELL_SECONDS: Final = 0.5


class Connections:
    """The connections of one worker that are in the middle of a request head, oldest first.

    `head_timeout_seconds` is how long a head may take. With more than `capacity` connections the
    oldest half-open one is closed for each new one, so that descriptors never run short. `ending`
    is set once the worker shuts down. `clock` returns seconds that only grow.
    """

    def __init__(
        self,
        *,
        head_timeout_seconds: float,
        capacity: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ending = False
        self._head_timeout_seconds = head_timeout_seconds
        self._capacity = capacity
        self._clock = clock
        self._half_open: dict[BoundedProtocol, float] = {}

    def begin_head(self, connection: BoundedProtocol) -> None:
        """Start the deadline of a head, unless it is running."""
        self._half_open.setdefault(connection, self._clock())

    def end_head(self, connection: BoundedProtocol) -> None:
        """The head is whole, or the connection gone."""
        self._half_open.pop(connection, None)

    @property
    def half_open(self) -> int:
        """How many have not sent a whole request head."""
        return len(self._half_open)

    def make_room(self, open_connections: int) -> None:
        """Close the oldest half-open connection where there are too many connections."""
        if open_connections > self._capacity and self._half_open:
            next(iter(self._half_open)).hang_up()

    def close_late(self) -> None:
        """Close the connections whose head takes too long."""
        seconds = _FAREWELL_SECONDS if self.ending else self._head_timeout_seconds
        began_before = self._clock() - seconds
        for connection, began in tuple(self._half_open.items()):
            if began > began_before:
                break
            connection.hang_up()


class Lingering:
    """A transport whose `close` lets the other side read the answer first.

    Closing a connection with unread bytes resets it, and the answer is lost (RFC 9112, 9.6).
    """

    def __init__(self, connection: BoundedProtocol) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._connection.transport, name)

    def close(self) -> None:
        """Close it a little later."""
        linger(self._connection)


def linger(connection: BoundedProtocol) -> None:
    """Say that nothing follows, drop what still comes, and close a little later."""
    connection.transport.write_eof()
    connection.loop.call_later(_LINGER_SECONDS, connection.transport.close)
