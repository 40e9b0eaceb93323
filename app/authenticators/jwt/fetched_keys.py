"""Key sets that are fetched in the background, and kept while their server is down."""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Final

import structlog

from app.authenticators.contract import ProbeResult
from app.authenticators.jwt.key_server import FetchFailed
from app.authenticators.jwt.keys import tell_left_out
from app.errors import AuthenticatorUnavailable
from app.telemetry.metrics import AUTHENTICATOR_KEYS_LOADED, KEY_FETCHES, KEYS_LOADED
from app.tokens.jwks import InvalidKeySet, jwk_set
from app.tokens.key_set import KeySet, UnknownKey, VerificationKey

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.authenticators.jwt.key_server import KeyServer

COOLDOWN_SECONDS: Final = 30
"""Between two fetches for unknown key names, however many tokens have them."""

RETRY_SECONDS: Final = 5
"""Between two fetches while there are no keys."""

_REMEDY: Final = (
    "check ISSUER, DISCOVERY_URL or JWKS_URL, and that this machine can reach it: name servers, "
    "firewall, certificates"
)

log = structlog.get_logger(__name__)


class FetchedKeys:
    """Keys from a server.

    A background task fetches them every `ttl_seconds`; a request with a known key never waits for
    it. While the server fails, the last good set is used until it is `max_stale_seconds` old.
    `name` is that of the authenticator, for metrics. `clock` returns monotonic seconds, `sleep`
    waits for some.
    """

    def __init__(  # noqa: PLR0913 - the last two are the clock, for tests
        self,
        server: KeyServer,
        fetch: Callable[[], Awaitable[bytes]],
        *,
        ttl_seconds: float,
        max_stale_seconds: float,
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._server = server
        self._name = name
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
        self._refresher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to fetch, without waiting: the service starts even if the key server is down."""
        await self._server.start()
        self._fetching = None
        self._refresher = asyncio.create_task(self._refresh())

    async def stop(self) -> None:
        """Stop fetching."""
        tasks = [task for task in (self._refresher, self._fetching) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.stop()

    async def probe(self) -> list[ProbeResult]:
        """Fetch them once, without `start`."""
        await self._server.start()
        try:
            keys = jwk_set(await self._fetch())
        except (FetchFailed, InvalidKeySet) as error:
            return [ProbeResult("keys", str(error), _REMEDY)]
        finally:
            await self._server.stop()
        left_out = f"; not used: {'; '.join(keys.unusable)}" if keys.unusable else ""
        return [ProbeResult("keys", f"fetched and usable{left_out}")]

    @property
    def ready(self) -> bool:
        """Whether there are keys that are not too old."""
        return self._clock() - self._loaded_at <= self._max_stale_seconds

    @property
    def unusable(self) -> tuple[str, ...]:
        """Why keys of the last document are left out."""
        return () if self._keys is None else self._keys.unusable

    async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the keys that may have signed a token. Only an unknown name waits for a fetch."""
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

    async def _refresh(self) -> None:
        while True:
            await asyncio.wait([self._begin_fetch()])
            pause = self._ttl_seconds
            if self._failure is not None:
                pause = min(pause, COOLDOWN_SECONDS if self.ready else RETRY_SECONDS)
            await self._sleep(pause)

    async def _try(self, after_seconds: float) -> None:
        """Wait for the running fetch, or for a new one if the last is long enough ago."""
        if self._is_fetching() or self._clock() - self._tried_at >= after_seconds:
            await asyncio.wait([self._begin_fetch()])  # a cancelled waiter does not cancel it

    def _is_fetching(self) -> bool:
        return self._fetching is not None and not self._fetching.done()

    def _begin_fetch(self) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._tried_at = self._clock()
            self._fetching = asyncio.create_task(self._fetch_once())
        return self._fetching

    async def _fetch_once(self) -> None:
        began_at = self._tried_at
        try:
            document = await self._fetch()
            if self._keys is None or document != self._document:
                self._keys, self._document = jwk_set(document), document
                tell_left_out(self._keys)
        except (FetchFailed, InvalidKeySet) as error:
            self._failure = str(error)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, the last good set stays
            self._failure = type(error).__name__
        else:
            self._loaded_at, self._failure = began_at, None
            KEYS_LOADED.set_to_current_time()
            AUTHENTICATOR_KEYS_LOADED.labels(self._name).set_to_current_time()
        KEY_FETCHES.labels("good" if self._failure is None else "failed").inc()
        if self._failure is not None:
            log.warning("keys_not_fetched", reason=self._failure, serving_old_ones=self.ready)

    def _unavailable(self) -> AuthenticatorUnavailable:
        reason = f"the keys cannot be fetched: {self._failure}"
        return AuthenticatorUnavailable(reason, retry_after_seconds=RETRY_SECONDS)
