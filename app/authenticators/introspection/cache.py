"""Identities that are remembered for a short time, each by its credential."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from app.identity import Identity


def fingerprint(parts: Iterable[bytes]) -> bytes:
    """Give a hash of all parts, and of where each begins; none of them is kept."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(4))
        whole.update(part)
    return whole.digest()


class IdentityCache:
    """The last `size` identities, each for `seconds` and never past its session's end.

    It belongs to one authenticator: what another has found is not in it. `now` gives epoch seconds.
    """

    def __init__(self, *, seconds: float, size: int, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._size = size
        self._now = now
        self._kept: OrderedDict[bytes, tuple[float, Identity]] = OrderedDict()

    def get(self, key: bytes) -> Identity | None:
        """Give what was kept under a key, unless its time is over."""
        kept_at, identity = self._kept.get(key, (0.0, None))
        now = self._now()
        # A clock that was set back must not prolong anything.
        if identity is None or not kept_at <= now < kept_at + self._seconds:
            self._kept.pop(key, None)
            return None
        if identity.expires_at is not None and identity.expires_at <= now:
            del self._kept[key]
            return None
        return identity

    def put(self, key: bytes, identity: Identity) -> None:
        """Keep an identity; the one that was put in first makes room."""
        self._kept.pop(key, None)
        self._kept[key] = (self._now(), identity)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
