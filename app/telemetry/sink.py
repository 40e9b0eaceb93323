"""Where log lines go: written at once, or lost and counted, but never waited for."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
from collections.abc import Callable
from functools import partial
from typing import Final

MAX_LINE_BYTES: Final = select.PIPE_BUF
"""What a pipe takes whole or not at all (POSIX, `write`)."""


class Sink:
    """A file descriptor that is written to without ever blocking.

    A closed, full or blocked one costs lines, never a request: `lost` counts them, and `on_loss`
    is called for each.
    """

    def __init__(self, descriptor: int, on_loss: Callable[[], object] = lambda: None) -> None:
        self.lost = 0
        self._on_loss = on_loss
        self._write = _writing_to(descriptor)

    def write(self, line: bytes) -> None:
        """Write a line of at most `MAX_LINE_BYTES`, with its end."""
        try:
            written = self._write(line)
        except OSError:
            written = 0
        if written != len(line):
            self.lost += 1
            self._on_loss()


def _writing_to(descriptor: int) -> Callable[[bytes], int]:
    """Return what writes without blocking, and without changing it for others where possible.

    The flag belongs to the open file, which a shell or another process may share. So the file is
    opened anew; a socket has a flag for each send; only a pipe of another user, as container
    runtimes give it, is changed itself: nobody but this service writes to it.
    """
    try:
        anew = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return _sending_to(socket.socket(fileno=os.dup(descriptor)))
        anew = descriptor
        if error.errno == errno.EACCES:
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
            fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    return partial(os.write, anew)


def _sending_to(connection: socket.socket) -> Callable[[bytes], int]:
    return lambda line: connection.send(line, socket.MSG_DONTWAIT)
