"""Whether the service can listen where it is told to."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from app.settings.problems import InvalidSettings, Problem


def check_bind(bind: str, variable: str = "SSO_BIND") -> None:
    """Try to listen at an address, before the server does; `variable` is the one that has it.

    Raises:
        InvalidSettings: the address is taken, or not to be had on this machine.
    """
    try:
        if bind.startswith("unix:"):
            _check_folder(Path(bind.removeprefix("unix:")).parent)
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


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(2, f"there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise PermissionError(13, f"the folder {folder} is not writable")


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "take a port over 1023, or a folder of the service's own user"
    return "stop what listens there, or set another address"
