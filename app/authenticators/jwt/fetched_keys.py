"""Key sets that are fetched, kept fresh beside the requests, and kept when the server is gone."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from app.authenticators.contract import ProbeResult
from app.authenticators.jwt.key_server import FetchFailed
from app.errors import AuthenticatorUnavailable
from app.telemetry.metrics import KEY_FETCHES, KEYS_LOADED
from app.tokens.jwks import InvalidKeySet, KeySet, UnknownKey, VerificationKey, jwk_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.authenticators.jwt.key_server import KeyServer

COOLDOWN_SECONDS: Final = 30
"""Between two fetches for the sake of names that no set has, however many tokens name them."""

RETRY_SECONDS: Final = 5
"""Between two fetches while there are no keys at all."""

_REMEDY: Final = (
    "check ISSUER, DISCOVERY_URL or JWKS_URL, and that this machine may reach it: name servers, "
    "firewall, certificates"
)

log = structlog.get_logger(__name__)


class Keys(Protocol):
    """Where an authenticator has its keys from."""

    @property
    def ready(self) -> bool:
        """Whether there are keys to verify with."""
        ...

    async def start(self) -> None:
        """Begin to fetch; wait for nothing."""
        ...

    async def stop(self) -> None:
        """Fetch no more."""
        ...

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey:
        """Give the key of a token: the very same object for as long as it is the same key.

        Raises:
            InvalidToken: there is none.
            AuthenticatorUnavailable: whether there is one cannot be found out now.
        """
        ...

    async def probe(self) -> list[ProbeResult]:
        """Say whether there are keys, before any start."""
        ...


class FixedKeys:
    """Keys from the configuration."""

    ready = True

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def start(self) -> None:
        """Do nothing: they are there."""

    async def stop(self) -> None:
        """Do nothing."""

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey:
        """Give the key of a token."""
        return self._keys.find(key_id, algorithm)

    async def probe(self) -> list[ProbeResult]:
        """Say where they are from."""
        return [ProbeResult("keys", "in the configuration")]


class FetchedKeys:
    """Keys from a server.

    A task of its own fetches them every `ttl_seconds`; no request with a known key waits for it.
    When the server fails, the last good set serves on until it is `max_stale_seconds` old. `clock`
    gives seconds that only ever grow, `sleep` passes them.
    """

    def __init__(  # noqa: PLR0913 - the last two are time itself
        self,
        server: KeyServer,
        fetch: Callable[[], Awaitable[bytes]],
        *,
        ttl_seconds: float,
        max_stale_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._server = server
        self._fetch = fetch
        self._ttl_seconds = ttl_seconds
        self._max_stale_seconds = max_stale_seconds
        self._clock = clock
        self._sleep = sleep
        self._keys: KeySet | None = None
        self._document = b""
        self._loaded_at = self._tried_at = -math.inf
        self._failure: str | None = "not fetched yet"
        self._fetching: asyncio.Task[None] | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to fetch, and wait for nothing: a server that is down holds nobody up."""
        await self._server.start()
        self._fetching = None
        self._keeper = asyncio.create_task(self._keep_fresh())

    async def stop(self) -> None:
        """Fetch no more."""
        tasks = [task for task in (self._keeper, self._fetching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.stop()

    async def probe(self) -> list[ProbeResult]:
        """Fetch them once, before any start."""
        await self._server.start()
        try:
            jwk_set(await self._fetch())
        except (FetchFailed, InvalidKeySet) as error:
            return [ProbeResult("keys", str(error), _REMEDY)]
        finally:
            await self._server.stop()
        return [ProbeResult("keys", "fetched, and they can be used")]

    @property
    def ready(self) -> bool:
        """Whether there are keys, and not too old ones."""
        return self._clock() - self._loaded_at <= self._max_stale_seconds

    async def find(self, key_id: str | None, algorithm: str) -> VerificationKey:
        """Give the key of a token. Only a name that is not known waits for a fetch."""
        keys = await self._current()
        try:
            return keys.find(key_id, algorithm)
        except UnknownKey:
            newer = await self._newer()
            return newer.find(key_id, algorithm)

    async def _current(self) -> KeySet:
        if not self.ready:
            await self._try(RETRY_SECONDS)
        if self._keys is None or not self.ready:
            raise self._unavailable()
        return self._keys

    async def _newer(self) -> KeySet:
        await self._try(COOLDOWN_SECONDS)
        if self._keys is None or self._failure is not None:
            raise self._unavailable()
        return self._keys

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.wait([self._begin()])
            pause = self._ttl_seconds
            if self._failure is not None:
                pause = min(pause, COOLDOWN_SECONDS if self.ready else RETRY_SECONDS)
            await self._sleep(pause)

    async def _try(self, after_seconds: float) -> None:
        """Join the fetch that is on its way, or begin one if the last is long enough ago."""
        if self._is_fetching() or self._clock() - self._tried_at >= after_seconds:
            await asyncio.wait([self._begin()])  # whoever gives up leaves it to the others

    def _is_fetching(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    def _begin(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch_once())
        return self._fetching

    async def _fetch_once(self) -> None:
        begun_at = self._tried_at
        try:
            document = await self._fetch()
            if self._keys is None or document != self._document:
                self._keys, self._document = jwk_set(document), document
        except (FetchFailed, InvalidKeySet) as error:
            self._failure = str(error)
        except Exception as error:  # noqa: BLE001 - whatever comes from outside, the last set stays
            self._failure = type(error).__name__
        else:
            self._loaded_at, self._failure = begun_at, None
            KEYS_LOADED.set_to_current_time()
        KEY_FETCHES.labels("good" if self._failure is None else "failed").inc()
        if self._failure is not None:
            log.warning("keys_not_fetched", reason=self._failure, serving_old_ones=self.ready)

    def _unavailable(self) -> AuthenticatorUnavailable:
        reason = f"the keys cannot be fetched: {self._failure}"
        return AuthenticatorUnavailable(reason, retry_after_seconds=RETRY_SECONDS)
