"""Keys under faults: what is counted are fetches, refusals, and who waits."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.authenticators.jwt.discovery import discovered
from app.authenticators.jwt.fetched_keys import (
    COOLDOWN_SECONDS,
    RETRY_SECONDS,
    FetchedKeys,
)
from app.authenticators.jwt.key_server import FetchFailed, KeyServer
from app.authenticators.jwt.keys import FixedKeys
from app.errors import AuthenticatorUnavailable
from app.testing import FakeIdentityProvider, IssuerKey
from app.tokens.jwks import jwk_set
from app.tokens.key_set import UnknownKey

TTL = 300
MAX_STALE = 3600
FAULTS = [
    "down",
    "error",
    "missing",
    "redirect",
    "html",
    "list",
    "empty",
    "nothing",
    "truncated",
    "bad utf-8",
    "utf-16",
    "deep",
    "gzip",
    "bomb",
    "huge",
    "drip",
    "hang",
]


class Time:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + seconds, future))
        await future

    async def pass_by(self, seconds: float, fetched: "Fetched") -> None:
        """Let time pass, and whatever is due by then be done."""
        end = self.now + seconds
        while due := sorted(each for each in self._sleepers if each[0] <= end):
            self.now, future = due[0]
            self._sleepers.remove(due[0])
            if not future.done():
                future.set_result(None)
            await fetched.settle()
        self.now = end


class Fetched:
    """A provider, keys that are fetched from it, and the time."""

    def __init__(self, provider: FakeIdentityProvider, timeout_seconds: float = 1) -> None:
        self.provider = provider
        self.time = Time()
        self.server = KeyServer(timeout_seconds=timeout_seconds)
        self.keys = FetchedKeys(
            self.server,
            lambda: self.server.get(provider.jwks_url),
            ttl_seconds=TTL,
            max_stale_seconds=MAX_STALE,
            clock=self.time,
            sleep=self.time.sleep,
        )

    async def start(self) -> None:
        await self.keys.start()
        await self.settle()

    async def settle(self) -> None:
        """Wait until the fetch that has begun is over."""
        for _ in range(3):
            await asyncio.sleep(0)
        task = self.keys._fetching  # noqa: SLF001 - to wait for it, and for nothing else
        if task is not None:
            await asyncio.wait([task])
        for _ in range(3):
            await asyncio.sleep(0)

    @property
    def fetches(self) -> int:
        return sum(self.provider.fetches.values())

    def ready(self) -> bool:
        return self.keys.ready

    async def finds(self, key: IssuerKey) -> bool:
        try:
            (found,) = await self.keys.find(key.key_id, key.algorithm)
        except UnknownKey:
            return False
        return found.key_id == key.key_id

    async def finds_at_once(self, key: IssuerKey) -> bool:
        """Tell whether a key is found without waiting for anything."""
        finding = asyncio.create_task(self.finds(key))
        await asyncio.sleep(0)  # one turn of the loop, in which nothing comes from a network
        return finding.done() and finding.result()


@pytest.fixture
async def fetched() -> AsyncIterator[Fetched]:
    with FakeIdentityProvider() as provider:
        fetched = Fetched(provider)
        yield fetched
        await fetched.keys.stop()


@pytest.mark.requirement("R17")
async def test_a_known_key_is_fetched_once_and_then_every_ttl(fetched: Fetched) -> None:
    await fetched.start()

    for _ in range(1000):
        assert await fetched.finds(fetched.provider.key)
    assert fetched.fetches == 1
    await fetched.time.pass_by(3 * TTL, fetched)
    assert fetched.fetches == 4


async def test_the_same_document_is_the_very_same_key(fetched: Fetched) -> None:
    await fetched.start()
    (before,) = await fetched.keys.find("key-1", "ES256")

    await fetched.time.pass_by(TTL, fetched)
    assert (await fetched.keys.find("key-1", "ES256"))[0] is before
    fetched.provider.rotate(overlap=True)
    await fetched.time.pass_by(TTL, fetched)
    assert (await fetched.keys.find("key-1", "ES256"))[0] is not before


@pytest.mark.requirement("R17")
async def test_the_first_requests_wait_for_one_fetch(fetched: Fetched) -> None:
    await fetched.keys.start()

    found = await asyncio.gather(*(fetched.finds(fetched.provider.key) for _ in range(100)))

    assert all(found)
    assert fetched.fetches == 1


@pytest.mark.requirement("R19")
@pytest.mark.parametrize("fault", FAULTS)
async def test_never_loaded_is_not_ready_and_recovers(fetched: Fetched, fault: str) -> None:
    fetched.provider.behaviour = fault
    await fetched.start()

    assert not fetched.ready()
    for _ in range(100):
        with pytest.raises(AuthenticatorUnavailable) as refused:
            await fetched.finds(fetched.provider.key)
        assert refused.value.retry_after_seconds == RETRY_SECONDS
    assert fetched.fetches == 1

    fetched.provider.behaviour = "ok"
    await fetched.time.pass_by(RETRY_SECONDS, fetched)
    assert fetched.ready()
    assert await fetched.finds(fetched.provider.key)
    assert fetched.fetches == 2


@pytest.mark.requirement("R18")
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_last_good_keys_serve_until_they_are_too_old(
    fetched: Fetched, fault: str
) -> None:
    await fetched.start()
    fetched.provider.behaviour = fault
    quick = fault not in {"drip", "hang"}

    await fetched.time.pass_by(TTL, fetched)
    assert await fetched.finds_at_once(fetched.provider.key)
    if quick:
        await fetched.time.pass_by(MAX_STALE - TTL, fetched)
        assert await fetched.finds(fetched.provider.key)
        assert fetched.fetches == 2 + (MAX_STALE - TTL) // COOLDOWN_SECONDS

    fetched.time.now = 1000 + MAX_STALE + 1
    assert not fetched.ready()
    with pytest.raises(AuthenticatorUnavailable):
        await fetched.finds(fetched.provider.key)


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    ("others", "level"),
    [
        ([{"use": "enc"}], "info"),
        ([{"use": "wrap"}], "warning"),
        ([{"use": "enc"}, {"alg": "RS256"}], "warning"),
    ],
    ids=["for-encryption", "for-nothing-known", "both"],
)
async def test_a_key_that_is_left_out_is_told_as_a_fault_unless_it_is_for_encryption(
    fetched: Fetched, others: list[dict[str, str]], level: str
) -> None:
    good = fetched.provider.key
    for number, other in enumerate(others):
        fetched.provider.published.append({**good.jwk(kid=f"other-{number}"), **other})

    with capture_logs() as lines:
        await fetched.start()

    (line,) = [each for each in lines if each["event"] == "keys_left_out"]
    assert line["log_level"] == level
    assert len(line["reasons"]) == len(others)


@pytest.mark.requirement("R8")
@pytest.mark.parametrize("bad", [{"d": "AAAA"}, {"kid": "key-2", "kty": "oct", "k": "AAAA"}])
async def test_a_set_that_gives_keys_away_never_replaces_a_good_one(
    fetched: Fetched, bad: dict[str, str]
) -> None:
    await fetched.start()
    good = fetched.provider.key
    fetched.provider.rotate(overlap=False)
    fetched.provider.published.append({**good.jwk(kid="key-3"), **bad})

    await fetched.time.pass_by(TTL, fetched)

    assert await fetched.finds(good)
    with pytest.raises(AuthenticatorUnavailable):
        await fetched.finds(fetched.provider.key)


@pytest.mark.requirement("R17")
async def test_a_thousand_unknown_names_cost_one_fetch_a_cooldown(fetched: Fetched) -> None:
    await fetched.start()
    await fetched.time.pass_by(COOLDOWN_SECONDS, fetched)
    strangers = [IssuerKey("EdDSA", f"stranger-{n}") for n in range(1000)]

    found = await asyncio.gather(*map(fetched.finds, strangers))

    assert not any(found)
    assert fetched.fetches == 2
    assert not any([await fetched.finds(stranger) for stranger in strangers])
    assert fetched.fetches == 2
    await fetched.time.pass_by(COOLDOWN_SECONDS, fetched)
    assert not any(await asyncio.gather(*map(fetched.finds, strangers)))
    assert fetched.fetches == 3


@pytest.mark.requirement("R17")
@pytest.mark.parametrize("fault", ["down", "html", "hang", "error"])
async def test_a_thousand_unknown_names_cost_one_fetch_when_it_fails_too(
    fetched: Fetched, fault: str
) -> None:
    await fetched.start()
    fetched.time.now += COOLDOWN_SECONDS
    fetched.provider.behaviour = fault
    stranger = IssuerKey("EdDSA", "stranger")

    async def refused() -> bool:
        with pytest.raises(AuthenticatorUnavailable):
            await fetched.finds(stranger)
        return True

    assert all(await asyncio.gather(*(refused() for _ in range(1000))))
    assert all([await refused() for _ in range(1000)])
    assert fetched.fetches == 2
    assert await fetched.finds(fetched.provider.key)


@pytest.mark.requirement("R17")
async def test_a_known_name_never_waits_for_a_fetch(fetched: Fetched) -> None:
    await fetched.start()
    fetched.time.now += COOLDOWN_SECONDS
    fetched.provider.behaviour = "hang"
    waiting = asyncio.create_task(fetched.finds(IssuerKey("EdDSA", "stranger")))
    await asyncio.sleep(0)

    assert await fetched.finds_at_once(fetched.provider.key)

    assert not waiting.done()
    with pytest.raises(AuthenticatorUnavailable):
        await waiting


async def test_whoever_gives_up_leaves_the_fetch_to_the_others(fetched: Fetched) -> None:
    fetched.provider.behaviour = "drip"
    slowly = Fetched(fetched.provider, timeout_seconds=30)
    await slowly.keys.start()
    patient = asyncio.create_task(slowly.finds(fetched.provider.key))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await slowly.finds(fetched.provider.key)

    assert await patient
    assert slowly.fetches == 1
    await slowly.keys.stop()


@pytest.mark.requirement("R19")
async def test_a_rotation_with_overlap_refuses_nobody(fetched: Fetched) -> None:
    await fetched.start()
    old = fetched.provider.key
    await fetched.time.pass_by(COOLDOWN_SECONDS, fetched)

    fetched.provider.rotate(overlap=True)
    found = await asyncio.gather(
        *(fetched.finds(key) for _ in range(500) for key in (old, fetched.provider.key))
    )

    assert all(found)
    assert fetched.fetches == 2


@pytest.mark.requirement("R19")
async def test_after_a_hard_cut_the_new_key_counts_within_the_cooldown(fetched: Fetched) -> None:
    await fetched.start()
    old = fetched.provider.key
    fetched.provider.rotate(overlap=False)

    refused = 0
    for _ in range(COOLDOWN_SECONDS):
        refused += not await fetched.finds(fetched.provider.key)
        assert fetched.fetches == 1
        await fetched.time.pass_by(1, fetched)
    assert refused == COOLDOWN_SECONDS
    assert await fetched.finds(fetched.provider.key)
    assert not await fetched.finds(old)
    assert fetched.fetches == 2


@pytest.mark.requirement("R19")
async def test_after_a_hard_cut_the_old_key_is_refused_after_the_ttl(fetched: Fetched) -> None:
    await fetched.start()
    old = fetched.provider.key
    fetched.provider.rotate(overlap=False)

    await fetched.time.pass_by(TTL - 1, fetched)
    assert await fetched.finds(old)
    await fetched.time.pass_by(1, fetched)
    assert not await fetched.finds(old)
    assert await fetched.finds(fetched.provider.key)


async def test_keys_that_were_not_started_are_fetched_for_who_asks() -> None:
    with FakeIdentityProvider() as provider:
        fetched = Fetched(provider)
        await fetched.server.start()

        assert await fetched.finds(provider.key)
        await fetched.keys.stop()


async def test_after_the_end_nothing_goes_on(fetched: Fetched) -> None:
    fetched.provider.behaviour = "hang"
    await fetched.keys.start()
    await asyncio.sleep(0)

    await fetched.keys.stop()

    assert len(asyncio.all_tasks()) == 1
    await fetched.keys.start()
    await fetched.settle()
    assert not fetched.ready()


async def test_whatever_a_fetch_raises_the_last_keys_stay() -> None:
    class Broken(KeyServer):
        async def get(self, address: str) -> bytes:
            raise RecursionError(address)

    server = Broken(timeout_seconds=1)
    keys = FetchedKeys(
        server, lambda: server.get("secret-path"), ttl_seconds=TTL, max_stale_seconds=MAX_STALE
    )
    await keys.start()

    with pytest.raises(AuthenticatorUnavailable, match="RecursionError") as refused:
        await keys.find("key-1", "ES256")
    assert "secret-path" not in str(refused.value)
    await keys.stop()


async def test_keys_of_the_configuration_are_just_there() -> None:
    key = IssuerKey("ES256", "key-1")
    keys = FixedKeys(jwk_set(json.dumps({"keys": [key.jwk()]}).encode()))

    await keys.start()
    assert keys.ready
    assert (await keys.find("key-1", "ES256"))[0].key_id == "key-1"
    with pytest.raises(UnknownKey):
        await keys.find("key-2", "ES256")
    await keys.stop()


@pytest.mark.requirement("R16", "R10")
@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"issuer": "https://evil.example"}, "another issuer"),
        ({"issuer": None}, "another issuer"),
        ({"issuer": ["{issuer}"]}, "another issuer"),
        ({"issuer": "{issuer}/"}, "another issuer"),
        ({"jwks_uri": None}, "jwks_uri"),
        ({"jwks_uri": 1}, "jwks_uri"),
        ({"jwks_uri": "/jwks.json"}, "jwks_uri"),
        ({"jwks_uri": "http://keys.example/jwks.json"}, "jwks_uri is plain http"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"jwks_uri": "https://a:b@keys.example/"}, "jwks_uri has user information"),
        ([], "not a JSON object"),
        ("x" * 10, "not a JSON object"),
        ({"issuer": "{issuer}", **{f"m{n}": 1 for n in range(256)}}, "not a JSON object"),
    ],
)
async def test_a_discovery_document_of_anybody_else_is_refused(document: Any, words: str) -> None:
    server = KeyServer(timeout_seconds=1)
    with FakeIdentityProvider() as provider:
        if isinstance(document, dict):
            document = {"issuer": "{issuer}", "jwks_uri": provider.jwks_url, **document}
        text = json.dumps(document).replace("{issuer}", provider.issuer)
        provider.documents["/discovery"] = text.encode()
        await server.start()

        with pytest.raises(FetchFailed, match=words):
            await discovered(server, f"{provider.origin}/discovery", issuer=provider.issuer)

        await server.stop()
        assert sum(provider.fetches.values()) == 1


async def test_a_discovery_document_leads_to_the_keys() -> None:
    server = KeyServer(timeout_seconds=1)
    with FakeIdentityProvider() as provider:
        await server.start()
        document = await discovered(server, provider.discovery_url, issuer=provider.issuer)
        await server.stop()

    assert jwk_set(document).find("key-1", "ES256")
