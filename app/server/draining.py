"""Whether the server is about to end: told by its first process, seen by all of its workers."""

from __future__ import annotations

import mmap

_flag = mmap.mmap(-1, 1)  # shared with every process that is forked later


def begin() -> None:
    """Tell all workers: no longer ready, and no connection is kept for another request."""
    _flag[0] = 1


def is_under_way() -> bool:
    """Tell whether it has begun."""
    return _flag[0] == 1
