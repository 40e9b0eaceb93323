"""Keys that are documents of their own, each fetched when a token names it."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import structlog
from cachetools import FIFOCache

from app.authenticators.contract import ProbeResult
from app.authenticators.jwt.fetched_keys import COOLDOWN_SECONDS, RETRY_SECONDS
from app.authenticators.jwt.key_server import FetchFailed, NotThere
from app.errors import AuthenticatorUnavailable
from app.tokens.jwks import InvalidKeySet, KeySet, UnknownKey, VerificationKey, pem_key
from app.tokens.jws import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.authenticators.jwt.key_server import KeyServer

MAX_AGE_SECONDS: Final = 86400
MAX_FETCHES: Final = 10
"""In one cooldown, so that invented names do not become fetches."""

_NO_KEY: Final = "00000000-0000-0000-0000-000000000000"
_REMEDY: Final = "let this machine reach it: name servers, firewall, certificates"
_MAX_REMEMBERED: Final = 100
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

log = structlog.get_logger(__name__)


class KeyDocuments:
    """Public keys as PEM under `address`, each named by a UUID.

    All requests for one name wait for the same fetch, and a failed name is fetched once per
    cooldown. `clock` returns monotonic seconds.
    """

    ready = True  # nothing is fetched before a token names it
    unusable = ()  # a document has one key

    def __init__(
        self, server: KeyServer, address: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._server = server
        self._address = address
        self._clock = clock
        self._keys: FIFOCache[str, tuple[float, KeySet]] = FIFOCache(_MAX_REMEMBERED)
        self._failed: FIFOCache[str, tuple[float, bool]] = FIFOCache(_MAX_REMEMBERED)
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._tried = deque([-math.inf] * MAX_FETCHES, maxlen=MAX_FETCHES)

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
            return UnknownKey("there is no such key")
        return AuthenticatorUnavailable(
            "the key cannot be fetched now", retry_after_seconds=RETRY_SECONDS
        )

    async def _try(self, key_id: str) -> None:
        if key_id not in self._fetching:
            now = self._clock()
            failed_at, _ = self._failed.get(key_id, (-math.inf, False))
            if min(now - failed_at, now - self._tried[0]) < COOLDOWN_SECONDS:
                return
            self._tried.append(now)
            self._fetching[key_id] = asyncio.create_task(self._fetch(key_id))
        await asyncio.wait([self._fetching[key_id]])  # a cancelled waiter does not cancel it

    async def _fetch(self, key_id: str) -> None:
        now = self._clock()
        try:
            document = await self._server.get(f"{self._address}/{key_id}")
            self._keys[key_id] = (now, pem_key(document))
        except (FetchFailed, InvalidKeySet) as error:
            self._failed[key_id] = (now, isinstance(error, NotThere))
            log.warning("key_not_fetched", reason=str(error))
        finally:
            del self._fetching[key_id]
