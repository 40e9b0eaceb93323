"""What gunicorn's first process looks at once a second: changed files, and its own pauses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_PAUSE_SECONDS: Final = 5
"""A pause of the whole machine or container keeps the first process for so long. So does a reload
with old workers that end late: then a worker that hangs is only ended later."""

_Signature = tuple[object, ...]


class Watch:
    """Looks at files every `seconds`, or never for 0. `clock` returns seconds that only grow.

    A folder changes with the names in it and with each of its files. Links are followed: Kubernetes
    swaps one (`..data`) to change all files of a volume at once.
    """

    def __init__(
        self,
        paths: Iterable[Path],
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._paths = sorted(paths)
        self._seconds = seconds
        self._clock = clock
        self._looked_at = clock()
        self._seen = self._signatures()

    def has_changed(self) -> bool:
        """Whether something has changed since the last look; between two looks it has not."""
        if not self._seconds or self._clock() - self._looked_at < self._seconds:
            return False
        self._looked_at = self._clock()
        before, self._seen = self._seen, self._signatures()
        return before != self._seen

    def _signatures(self) -> list[_Signature]:
        return [_signature(path) for path in self._paths]


class Pauses:
    """Notices that this process has not run for a while: frozen, or without processor time."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked_at = clock()
        self._ended_at = -math.inf

    def has_just_ended(self) -> bool:
        """Tell whether other processes, too, may not have come to themselves yet."""
        now = self._clock()
        if now - self._looked_at > _PAUSE_SECONDS:
            self._ended_at = now
        self._looked_at = now
        return now - self._ended_at < _PAUSE_SECONDS


def _signature(path: Path) -> _Signature:
    try:
        if path.is_dir():
            return tuple((each.name, *_of_file(each)) for each in sorted(path.iterdir()))
        return _of_file(path)
    except OSError as error:
        return (error.errno,)


def _of_file(path: Path) -> _Signature:
    try:
        found = path.stat()
    except OSError as error:  # a dangling link
        return (error.errno,)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
