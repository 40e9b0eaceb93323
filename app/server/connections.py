"""The connections of a worker: who is late, and who makes room."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain, takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.server.protocol import BoundedProtocol

_FAREWELL_SECONDS: Final = 0.5

_Since = dict["BoundedProtocol", float]
"""Since when, the oldest first."""


class Connections:
    """The connections of one worker that wait for the other side.

    Each has a deadline: `head_timeout_seconds` for the rest of a request head, the same for an
    answer to be read, and `keep_alive_seconds` for the next request. With more than `capacity`
    connections one of these is closed for each new one, so that descriptors never run short.
    `ending` is set once the worker shuts down. `clock` returns seconds that only grow.
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
        self._half_open: _Since = {}
        self._unread: _Since = {}
        self._idle: _Since = {}

    def begin_head(self, connection: BoundedProtocol) -> None:
        """Start the deadline of a head, unless it is running."""
        self._idle.pop(connection, None)
        self._half_open.setdefault(connection, self._clock())

    def end_head(self, connection: BoundedProtocol) -> None:
        """The head is whole."""
        self._half_open.pop(connection, None)

    def begin_unread(self, connection: BoundedProtocol) -> None:
        """Start the deadline of answers that the other side does not read."""
        self._unread[connection] = self._clock()

    def end_unread(self, connection: BoundedProtocol) -> None:
        """It reads."""
        self._unread.pop(connection, None)

    def begin_idle(self, connection: BoundedProtocol) -> None:
        """Start the deadline of the next request, unless that has begun."""
        if connection not in self._half_open:
            self._idle[connection] = self._clock()

    def forget(self, connection: BoundedProtocol) -> None:
        """The connection is gone."""
        for each in (self._half_open, self._unread, self._idle):
            each.pop(connection, None)

    @property
    def half_open(self) -> int:
        """How many have not sent a whole request head."""
        return len(self._half_open)

    def make_room(self, new: BoundedProtocol, open_connections: int) -> None:
        """Close the oldest that waits where there are too many; `new` itself comes last.

        Half-open ones come first, then those whose answers are not read, then idle ones: a client
        that asks again on an idle one that is gone asks anew (RFC 9112, section 9.3.1).
        """
        if open_connections > self._capacity:
            waiting = chain(self._half_open, self._unread, self._idle)
            next((each for each in waiting if each is not new), new).hang_up()

    def close_late(self) -> None:
        """Close the connections whose deadline is over."""
        seconds = _FAREWELL_SECONDS if self.ending else self._head_timeout_seconds
        for since in (self._half_open, self._unread):
            for connection in self._before(since, seconds):
                connection.hang_up()
        for connection in self._before(self._idle, self._keep_alive_seconds):
            connection.transport.close()

    def _before(self, since: _Since, seconds: float) -> list[BoundedProtocol]:
        limit = self._clock() - seconds
        return list(takewhile(lambda each: since[each] <= limit, since))
