"""Where log lines go: written at once, or lost and counted, but never waited for."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

MAX_LINE_BYTES: Final = select.PIPE_BUF
"""What a pipe takes whole or not at all (POSIX, `write`)."""

_STANDARD_ERROR: Final = 2


class Sink:
    """A file descriptor that is written to without ever blocking.

    A closed, full or blocked one costs lines, never a request: `lost` counts them, and `on_loss`
    is called for each.
    """

    def __init__(self, descriptor: int, on_loss: Callable[[], object] = lambda: None) -> None:
        self.lost = 0
        self._on_loss = on_loss
        self._write, self._close = _opened(descriptor)

    def write(self, line: bytes) -> None:
        """Write a line of at most `MAX_LINE_BYTES`, with its end."""
        try:
            written = self._write(line)
        except OSError:
            written = 0
        if written != len(line):
            self.lost += 1
            self._on_loss()

    def close(self) -> None:
        """Close what was opened for this sink; the descriptor itself stays open."""
        self._close()


def append_only(descriptor: int) -> None:
    """Let a file be appended to by all who share it, as `>>` of a shell does and `>` does not."""
    with suppress(OSError):  # it is closed
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)


def open_standard_descriptors() -> None:
    """Put nothing where a standard stream was closed: what is opened next would get its number.

    Lines for standard output would go to a client's connection then.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _opened(descriptor: int) -> tuple[Callable[[bytes], int], Callable[[], None]]:
    """Return what writes without blocking, for others nothing changes where possible, and its end.

    The flag belongs to the open file, which a shell or another process may share. So the file is
    opened again; a socket takes a flag with each send; only a pipe of another user, as container
    runtimes give it, is changed itself: nobody but this service writes to it.
    """
    try:
        own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            connection = socket.socket(fileno=os.dup(descriptor))
            return partial(_send, connection), connection.close
        if error.errno == errno.EACCES:
            flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
            fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        return partial(os.write, descriptor), lambda: None
    return partial(os.write, own), partial(os.close, own)


def _send(connection: socket.socket, line: bytes) -> int:
    return connection.send(line, socket.MSG_DONTWAIT)
