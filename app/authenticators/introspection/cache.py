"""Identities that are remembered for a short time, each by its credential."""

from __future__ import annotations

import hashlib
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

    It belongs to one authenticator and knows nothing of another. `now` returns epoch seconds.
    """

    def __init__(self, *, seconds: float, size: int, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._kept: FIFOCache[bytes, tuple[float, Identity]] = FIFOCache(size)

    def get(self, key: bytes) -> Identity | None:
        """Return the identity of a key; `None` if there is none, or its time is over."""
        kept_at, identity = self._kept.get(key, (0.0, None))
        if identity is None or not self._is_fresh(kept_at, identity.expires_at):
            self._kept.pop(key, None)
            return None
        return identity

    def put(self, key: bytes, identity: Identity) -> None:
        """Keep an identity; the oldest one makes room."""
        self._kept[key] = (self._now(), identity)

    def _is_fresh(self, kept_at: float, expires_at: int | None) -> bool:
        now = self._now()
        # A clock that was set back must not prolong anything.
        in_time = kept_at <= now < kept_at + self._seconds
        return in_time and (expires_at is None or now < expires_at)
