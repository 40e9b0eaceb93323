import asyncio
import resource
import uuid
from collections.abc import AsyncIterator

import pytest

from app.authenticators.jwt.fetched_keys import COOLDOWN_SECONDS
from app.authenticators.jwt.key_server import KeyServer
from app.authenticators.jwt.keys_by_id import MAX_AGE_SECONDS, KeyDocuments, most_fetches
from app.errors import AuthenticatorUnavailable
from app.testing import FakeIdentityProvider, IssuerKey
from app.tokens.jws import InvalidToken
from app.tokens.key_set import UnknownKey

NAME = "b5f1d0ba-7a3c-4a53-a8d6-8c7c2f5d8a11"
KEY = IssuerKey("ES256")


class Documents:
    """A provider, the keys from it, and the time."""

    def __init__(self, provider: FakeIdentityProvider) -> None:
        self.provider = provider
        self.now = 1000.0
        provider.documents[f"/{NAME}"] = KEY.pem()
        server = KeyServer(timeout_seconds=0.2)
        self.keys = KeyDocuments(server, provider.origin, clock=lambda: self.now)

    @property
    def fetches(self) -> int:
        return sum(self.provider.fetches.values())

    async def finds(self, name: str | None = NAME) -> bool:
        return bool(await self.keys.find(name, "ES256"))


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    with FakeIdentityProvider() as provider:
        documents = Documents(provider)
        await documents.keys.start()
        yield documents
        await documents.keys.stop()


@pytest.mark.requirement("R17")
async def test_a_key_is_fetched_once_for_all_and_again_after_a_day(documents: Documents) -> None:
    assert documents.keys.ready
    assert documents.fetches == 0

    assert all(await asyncio.gather(*(documents.finds() for _ in range(100))))
    assert documents.fetches == 1
    documents.now += MAX_AGE_SECONDS
    documents.provider.behaviour = "down"
    assert await documents.finds()
    documents.now += 1
    with pytest.raises(AuthenticatorUnavailable):
        await documents.finds()
    assert documents.fetches == 2


@pytest.mark.requirement("R7", "R15")
@pytest.mark.parametrize(
    "name",
    [
        None,
        "",
        "key-1",
        "../x",
        NAME.upper(),
        NAME + "/",
        NAME + "?",
        f"{NAME}/../x",
        NAME[:-1],
        "{" + NAME + "}",
        NAME.replace("-", ""),
        f" {NAME}",
        f"{NAME}\n",
        "//evil.example/x",
    ],
)
async def test_a_name_that_is_no_uuid_is_never_asked_for(
    documents: Documents, name: str | None
) -> None:
    with pytest.raises(InvalidToken, match="not a UUID"):
        await documents.finds(name)

    assert documents.fetches == 0


@pytest.mark.requirement("R17")
async def test_a_key_that_is_not_there_is_asked_for_once_a_cooldown(documents: Documents) -> None:
    documents.provider.behaviour = "missing"

    for _ in range(100):
        with pytest.raises(UnknownKey):
            await documents.finds()
    assert documents.fetches == 1
    documents.provider.behaviour = "ok"
    documents.now += COOLDOWN_SECONDS
    assert await documents.finds()


@pytest.mark.requirement("R18", "R17")
@pytest.mark.parametrize(
    "fault", ["down", "error", "redirect", "html", "empty", "drip", "huge", "hang", "truncated"]
)
async def test_a_server_that_fails_is_asked_once_a_cooldown(
    documents: Documents, fault: str
) -> None:
    documents.provider.behaviour = fault

    for _ in range(100):
        with pytest.raises(AuthenticatorUnavailable):
            await documents.finds()

    assert documents.fetches == 1


@pytest.mark.requirement("R59")
async def test_whoever_invents_names_keeps_nobody_from_a_new_key(
    documents: Documents, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(100):
        with pytest.raises(AuthenticatorUnavailable):  # it answers with a document that is no key
            await documents.finds(str(uuid.uuid4()))

    assert await documents.finds()
    assert documents.fetches == 101
    assert capsys.readouterr().out.count("key_not_fetched") == 1


@pytest.mark.requirement("R59")
async def test_of_too_many_fetches_the_longest_ends_and_never_the_newest() -> None:
    held: dict[str, asyncio.Event] = {}

    class Slow(KeyServer):
        async def get(self, address: str) -> bytes:
            held[address.rpartition("/")[2]] = event = asyncio.Event()
            await event.wait()
            return KEY.pem()

    keys = KeyDocuments(Slow(timeout_seconds=1), "https://keys.example", most_fetches=3)
    names = [str(uuid.uuid4()) for _ in range(5)]
    waiting = []
    for name in [*names, NAME, NAME]:
        waiting.append(asyncio.create_task(keys.find(name, "ES256")))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)

    for name in (NAME, *names[3:]):
        held[name].set()
    found = await asyncio.gather(*waiting, return_exceptions=True)

    assert [isinstance(each, tuple) for each in found] == [False] * 3 + [True] * 4
    assert all(isinstance(each, AuthenticatorUnavailable) for each in found[:3])
    again = asyncio.create_task(keys.find(names[0], "ES256"))
    for _ in range(5):
        await asyncio.sleep(0)
    held[names[0]].set()
    assert await again
    await keys.stop()


@pytest.mark.requirement("R59")
@pytest.mark.parametrize(
    ("files", "most"),
    [(2, 1), (256, 64), (1024, 256), (1_048_576, 1024), (resource.RLIM_INFINITY, 1024)],
)
def test_fetches_leave_files_for_users(
    monkeypatch: pytest.MonkeyPatch, files: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))

    assert most_fetches() == most


async def test_only_so_many_names_are_remembered(documents: Documents) -> None:
    documents.provider.behaviour = "missing"

    for _ in range(150):
        documents.now += COOLDOWN_SECONDS
        with pytest.raises(UnknownKey):
            await documents.finds(str(uuid.uuid4()))

    assert len(documents.keys._failed) == 100  # noqa: SLF001 - the bound is the point


async def test_after_the_end_nothing_goes_on(documents: Documents) -> None:
    documents.provider.behaviour = "hang"
    waiting = asyncio.create_task(documents.finds())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await documents.keys.stop()

    with pytest.raises(AuthenticatorUnavailable):
        await waiting
    assert len(asyncio.all_tasks()) == 1


async def test_a_key_of_another_kind_verifies_nothing(documents: Documents) -> None:
    documents.provider.documents[f"/{NAME}"] = IssuerKey("RS256").pem()

    with pytest.raises(InvalidToken, match="another algorithm"):
        await documents.finds()
