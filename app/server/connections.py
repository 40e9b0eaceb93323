"""The connections of a worker: who is late, and who makes room."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.server.protocol import BoundedProtocol

_FAREWELL_SECONDS: Final = 0.5


class Connections:
    """The connections of one worker that wait for a request, or for the rest of its head.

    `head_timeout_seconds` is how long a head may take, and `keep_alive_seconds` how long a
    connection may wait for the next one. With more than `capacity` connections the oldest
    half-open one is closed for each new one, so that descriptors never run short. `ending` is set
    once the worker shuts down. `clock` returns seconds that only grow.
    """

    def __init__(
        self,
        *,
        head_timeout_seconds: float,
        keep_alive_seconds: float,
        capacity: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ending = False
        self._head_timeout_seconds = head_timeout_seconds
        self._keep_alive_seconds = keep_alive_seconds
        self._capacity = capacity
        self._clock = clock
        # Since when, the oldest first.
        self._half_open: dict[BoundedProtocol, float] = {}
        self._idle: dict[BoundedProtocol, float] = {}

    def begin_head(self, connection: BoundedProtocol) -> None:
        """Start the deadline of a head, unless it is running."""
        self._idle.pop(connection, None)
        self._half_open.setdefault(connection, self._clock())

    def end_head(self, connection: BoundedProtocol) -> None:
        """The head is whole."""
        self._half_open.pop(connection, None)

    def begin_idle(self, connection: BoundedProtocol) -> None:
        """Start the deadline of the next request, unless that has begun."""
        if connection not in self._half_open:
            self._idle[connection] = self._clock()

    def forget(self, connection: BoundedProtocol) -> None:
        """The connection is gone."""
        self._half_open.pop(connection, None)
        self._idle.pop(connection, None)

    @property
    def half_open(self) -> int:
        """How many have not sent a whole request head."""
        return len(self._half_open)

    def make_room(self, open_connections: int) -> None:
        """Close the oldest half-open connection where there are too many connections."""
        if open_connections > self._capacity and self._half_open:
            next(iter(self._half_open)).hang_up()

    def close_late(self) -> None:
        """Close the connections whose next request, or the head of it, takes too long."""
        seconds = _FAREWELL_SECONDS if self.ending else self._head_timeout_seconds
        for connection in self._before(self._half_open, seconds):
            connection.hang_up()
        for connection in self._before(self._idle, self._keep_alive_seconds):
            connection.transport.close()

    def _before(self, since: dict[BoundedProtocol, float], seconds: float) -> list[BoundedProtocol]:
        limit = self._clock() - seconds
        return list(takewhile(lambda each: since[each] <= limit, since))
