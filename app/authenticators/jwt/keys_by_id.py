"""Keys that are documents of their own, each fetched when a token names it."""

from __future__ import annotations

import asyncio
import math
import re
import resource
import time
from typing import TYPE_CHECKING, Final

import structlog
from cachetools import FIFOCache

from app.authenticators.contract import ProbeResult
from app.authenticators.jwt.fetched_keys import COOLDOWN_SECONDS, RETRY_SECONDS
from app.authenticators.jwt.key_server import FetchFailed, NotThere
from app.errors import AuthenticatorUnavailable, Cause
from app.tokens.jwks import InvalidKeySet, pem_key
from app.tokens.jws import InvalidToken
from app.tokens.key_set import KeySet, UnknownKey, VerificationKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.authenticators.jwt.key_server import KeyServer

MAX_AGE_SECONDS: Final = 86400
MOST_FETCHES: Final = 1024
"""At a time. Nothing but the fetch tells an invented name from that of a new key, so each name gets
one: at 400 invented names a second, 2.5 s pass before this many are on their way."""

_NO_KEY: Final = "00000000-0000-0000-0000-000000000000"
_REMEDY: Final = "let this machine reach it: name servers, firewall, certificates"
_MAX_REMEMBERED: Final = 100
_SHARE_OF_FILES: Final = 4
"""Of the files that this process may open, one in so many may be a fetch: the rest is for users."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

log = structlog.get_logger(__name__)


def most_fetches() -> int:
    """Return how many keys may be fetched at a time."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_FETCHES
    return max(1, min(MOST_FETCHES, files // _SHARE_OF_FILES))


class KeyDocuments:
    """Public keys as PEM under `address`, each named by a UUID.

    All requests for one name wait for the same fetch, and a failed name is fetched once per
    cooldown. Whoever invents names cannot keep others from fetching theirs: if more than
    `most_fetches` are on their way, the longest one ends, never the newest. `clock` returns
    monotonic seconds.
    """

    ready = True  # nothing is fetched before a token names it
    unusable = ()  # a document has one key

    def __init__(
        self,
        server: KeyServer,
        address: str,
        *,
        most_fetches: int = MOST_FETCHES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._most_fetches = most_fetches
        self._address = address
        self._clock = clock
        self._keys: FIFOCache[str, tuple[float, KeySet]] = FIFOCache(_MAX_REMEMBERED)
        self._failed: FIFOCache[str, tuple[float, bool]] = FIFOCache(_MAX_REMEMBERED)
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._told: FIFOCache[str, float] = FIFOCache(_MAX_REMEMBERED)

    async def start(self) -> None:
        """Allow fetches."""
        await self._server.start()

    async def stop(self) -> None:
        """Stop fetching."""
        tasks = tuple(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.stop()

    async def probe(self) -> list[ProbeResult]:
        """Ask for a key that does not exist; the right answer is that it is not there."""
        await self._server.start()
        try:
            await self._server.get(f"{self._address}/{_NO_KEY}")
        except NotThere:
            return [ProbeResult(self._address, "answers")]
        except FetchFailed as error:
            return [ProbeResult(self._address, str(error), _REMEDY)]
        finally:
            await self._server.stop()
        return [ProbeResult(self._address, "has a key that does not exist", _REMEDY)]

    async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the key of a token.

        Raises:
            InvalidToken: the name is not a UUID, or the key does not exist or is of another kind.
            AuthenticatorUnavailable: it cannot be fetched now.
        """
        if key_id is None or not _UUID.fullmatch(key_id):
            raise InvalidToken("its kid is not a UUID")
        keys = self._remembered(key_id)
        if keys is None:
            await self._try(key_id)
            keys = self._remembered(key_id)
        if keys is None:
            raise self._refusal(key_id)
        return keys.find(key_id, algorithm)

    def _remembered(self, key_id: str) -> KeySet | None:
        loaded_at, keys = self._keys.get(key_id, (-math.inf, None))
        return keys if self._clock() - loaded_at <= MAX_AGE_SECONDS else None

    def _refusal(self, key_id: str) -> Exception:
        if self._failed.get(key_id, (0, False))[1]:
            return UnknownKey("there is no such key", cause=Cause.FORGED)
        return AuthenticatorUnavailable(
            "the key cannot be fetched now", retry_after_seconds=RETRY_SECONDS
        )

    async def _try(self, key_id: str) -> None:
        if key_id not in self._fetching:
            failed_at, _ = self._failed.get(key_id, (-math.inf, False))
            if self._clock() - failed_at < COOLDOWN_SECONDS:
                return
            if len(self._fetching) >= self._most_fetches:
                longest = next(iter(self._fetching))
                self._fetching.pop(longest).cancel()
            self._fetching[key_id] = asyncio.create_task(self._fetch(key_id))
        await asyncio.wait([self._fetching[key_id]])  # a cancelled waiter does not cancel it

    async def _fetch(self, key_id: str) -> None:
        now = self._clock()
        try:
            document = await self._server.get(f"{self._address}/{key_id}")
            self._keys[key_id] = (now, pem_key(document))
        except (FetchFailed, InvalidKeySet) as error:
            self._failed[key_id] = (now, isinstance(error, NotThere))
            self._tell(str(error), now)
        finally:
            self._end_fetch(key_id)

    def _end_fetch(self, key_id: str) -> None:
        """Let the name be fetched again. One that was ended for others may be under way anew."""
        if self._fetching.get(key_id) is asyncio.current_task():
            del self._fetching[key_id]

    def _tell(self, reason: str, now: float) -> None:
        """Log a reason once per cooldown: invented names must not fill the log."""
        if now - self._told.get(reason, -math.inf) >= COOLDOWN_SECONDS:
            self._told[reason] = now
            log.warning("key_not_fetched", reason=reason)
