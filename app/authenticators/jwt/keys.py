"""The keys of an authenticator: what they can do, and those that are in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import structlog

from app.authenticators.contract import ProbeResult

if TYPE_CHECKING:
    from app.tokens.key_set import KeySet, VerificationKey


log = structlog.get_logger(__name__)


class Keys(Protocol):
    """The keys of an authenticator."""

    @property
    def ready(self) -> bool:
        """Whether there are keys to verify with."""
        ...

    async def start(self) -> None:
        """Begin to fetch, without waiting."""
        ...

    async def stop(self) -> None:
        """Stop fetching."""
        ...

    @property
    def unusable(self) -> tuple[str, ...]:
        """Why keys of the document are left out."""
        ...

    async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the keys that may have signed a token.

        A key is the same object for as long as it is the same key.

        Raises:
            InvalidToken: there is no such key.
            AuthenticatorUnavailable: the keys cannot be fetched now.
        """
        ...

    async def probe(self) -> list[ProbeResult]:
        """Try whether there are keys, without `start`."""
        ...


def tell_left_out(keys: KeySet) -> None:
    """Log which keys of a document are left out; a warning if that is somebody's fault."""
    if keys.unusable:
        tell = log.warning if keys.has_faults else log.info
        tell("keys_left_out", reasons=keys.unusable)


class FixedKeys:
    """Keys from the configuration."""

    ready = True

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    @property
    def fingerprints(self) -> frozenset[bytes]:
        """Those of all the public keys."""
        return frozenset(key.fingerprint for key in self._keys.keys)

    @property
    def algorithms(self) -> frozenset[str]:
        """What at least one of the keys is for."""
        return frozenset().union(*(key.algorithms for key in self._keys.keys))

    async def start(self) -> None:
        """Log which keys of the document are left out."""
        tell_left_out(self._keys)

    async def stop(self) -> None:
        """Do nothing."""

    @property
    def unusable(self) -> tuple[str, ...]:
        """Why keys of the document are left out."""
        return self._keys.unusable

    async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the keys that may have signed a token."""
        return self._keys.find(key_id, algorithm)

    async def probe(self) -> list[ProbeResult]:
        """Return where they are."""
        return [ProbeResult("keys", "in the configuration")]
