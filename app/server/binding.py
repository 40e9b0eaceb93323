"""Whether the service can listen where it is told to."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from errno import EADDRINUSE, EEXIST, ENAMETOOLONG
from pathlib import Path
from typing import Final

from app.settings.problems import InvalidSettings, Problem

_LONGEST_PATH: Final = 107
"""`sun_path` has 108 bytes, the last of which is NUL (unix(7))."""


class MadeSocket:
    """A unix socket as it was when the server had made it; of other addresses there is no file."""

    def __init__(self, bind: str) -> None:
        self.path = Path(bind.removeprefix("unix:")) if bind.startswith("unix:") else None
        self._made = self._seen()

    def is_gone(self) -> bool:
        """Tell whether somebody has deleted it since; what is at its path now is not ours."""
        return self._seen() != self._made

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = self.path.lstat() if self.path else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None


def check_bind(bind: str, variable: str = "SSO_BIND") -> None:
    """Try to listen at an address, before the server does; `variable` is the one that has it.

    Raises:
        InvalidSettings: the address is taken, or not to be had on this machine.
    """
    try:
        if bind.startswith("unix:"):
            _check_socket(Path(bind.removeprefix("unix:")))
        else:
            _try(bind)
    except OSError as error:
        wrong = f"{bind} cannot be listened at: {error.strerror}; {_remedy(error)}"
        raise InvalidSettings([Problem(variable, wrong)]) from None


def _try(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), int(port)))


def _check_socket(path: Path) -> None:
    """Check what gunicorn takes for granted: it deletes any socket there, and makes its own.

    A stale socket, to which nobody listens, may be deleted.
    """
    if (length := len(os.fsencode(path))) > _LONGEST_PATH:
        raise OSError(ENAMETOOLONG, f"its path has {length} bytes; {_LONGEST_PATH} are the most")
    _check_folder(path.parent)
    if not path.is_socket():
        if os.path.lexists(path):
            raise FileExistsError(EEXIST, "something is there that is not a socket")
        return
    with socket.socket(socket.AF_UNIX) as client, suppress(ConnectionRefusedError):
        client.setblocking(False)
        with suppress(BlockingIOError):  # who listens has many waiting
            client.connect(str(path))
        raise OSError(EADDRINUSE, os.strerror(EADDRINUSE))


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(2, f"there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise PermissionError(13, f"the folder {folder} is not writable")


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "take a port over 1023, or a folder of the service's own user"
    return "stop what listens there, or set another address"
