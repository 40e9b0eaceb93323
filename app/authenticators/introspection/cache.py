"""Identities that are remembered for a short time, each by its credential."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from cachetools import FIFOCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.identity import Identity


def fingerprint(parts: Iterable[bytes]) -> bytes:
    """Return a hash of all parts and of where each begins; it reveals none of them."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(4))
        whole.update(part)
    return whole.digest()


class IdentityCache:
    """The last `size` identities, each for `seconds` and never past the end of its session.

    It belongs to one authenticator and knows nothing of another. `now` returns epoch seconds, and
    `clock` monotonic ones. An identity is kept for as long as both say: the first may be set back,
    and the second stands still while a machine sleeps.
    """

    def __init__(
        self,
        *,
        seconds: float,
        size: int,
        now: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._clocks = (now, clock)
        self._kept: FIFOCache[bytes, tuple[tuple[float, ...], Identity]] = FIFOCache(size)

    def get(self, key: bytes) -> Identity | None:
        """Return the identity of a key; `None` if there is none, or its time is over."""
        if key not in self._kept:
            return None
        kept_at, identity = self._kept[key]
        if not self._is_fresh(kept_at, identity.expires_at):
            del self._kept[key]
            return None
        return identity

    def put(self, key: bytes, identity: Identity) -> None:
        """Keep an identity; the oldest one makes room."""
        self._kept[key] = (self._times(), identity)

    def _times(self) -> tuple[float, ...]:
        return tuple(clock() for clock in self._clocks)

    def _is_fresh(self, kept_at: tuple[float, ...], expires_at: int | None) -> bool:
        times = self._times()
        ages = (now - before for now, before in zip(times, kept_at, strict=True))
        in_time = all(0 <= age < self._seconds for age in ages)
        return in_time and (expires_at is None or times[0] < expires_at)
