"""The folder for the metrics of a server's processes, and what servers that were killed have left.

It is locked while one of these processes lives. A lock ends with them, and is seen from containers
that share a memory file system, where process ids say nothing.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

_UNLOCKED: Final = "marketplace-sso-"
_LOCKED: Final = "marketplace-sso-metrics-"
"""A folder has this name once it is locked, so that nobody takes a new one for a dead one."""


def make_folder(parent: Path) -> Path:
    """Make a folder, after removing those that others have left in the same place.

    Raises:
        OSError: there is no such place, or it cannot be written.
    """
    _remove_left(parent)
    made = Path(tempfile.mkdtemp(prefix=_UNLOCKED, dir=parent))
    with suppress(OSError):  # a file system without locks: nobody removes it but its maker
        _lock(made)
    return made.rename(parent / made.name.replace(_UNLOCKED, _LOCKED, 1))


def _remove_left(parent: Path) -> None:
    for path in parent.glob(f"{_LOCKED}*"):
        with suppress(OSError):  # another user's, a link, or one in use
            os.close(_lock(path))
            shutil.rmtree(path, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Return the descriptor that holds the lock, until it is closed by this process and all forks.

    Raises:
        OSError: it is no folder of this user, or it is locked.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
