import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from app.authenticators.http_client import HttpClient
from app.errors import NoAnswer
from tests.authenticators.introspection.hosts import Host, running

MAX_BYTES = 1000


async def plain(_: web.Request) -> web.Response:
    return web.Response(body=b"x" * MAX_BYTES)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with running(plain) as host:
        yield host


@asynccontextmanager
async def started(**settings: Any) -> AsyncIterator[HttpClient]:
    usual = {"purpose": "test", "timeout_seconds": 5, "max_bytes": MAX_BYTES, "connections": 2}
    client = HttpClient(**{**usual, **settings})
    await client.start()
    try:
        yield client
    finally:
        await client.stop()


async def test_an_answer_has_its_status_its_headers_and_its_body(host: Host) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=418, headers=[("X-A", "1"), ("x-a", "2")], body=b"tea")

    host.answer = answer
    async with started() as client:
        found = await client.ask("POST", host.url, {"X-B": "3"}, {"token": "a&b"})

    assert (found.status, found.body, found.all(b"x-a")) == (418, b"tea", [b"1", b"2"])
    (asked,) = host.asked
    assert (asked.method, asked.headers["X-B"], host.bodies) == ("POST", "3", ["token=a%26b"])


async def test_a_body_that_is_too_long_is_not_read(host: Host) -> None:
    async with started() as client:
        assert (await client.ask("GET", host.url)).body == b"x" * MAX_BYTES
    async with started(max_bytes=MAX_BYTES - 1) as client:
        found = await client.ask("GET", host.url)

    assert (found.status, found.body, found.unread) == (200, None, "over 999 bytes long")


@pytest.mark.requirement("R64")
@pytest.mark.parametrize("packed", ["gzip", "X-Gzip", "deflate", "br", "zstd"])
async def test_a_packed_body_is_called_so(host: Host, packed: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x", headers={"Content-Encoding": packed})

    host.answer = answer
    async with started() as client:
        found = await client.ask("GET", host.url)

    assert found.body is None
    assert found.unread == f"packed with {packed.lower()}, which was not asked for"


@pytest.mark.parametrize("said", ["identity", "UTF-8", ""])
async def test_what_only_seems_packed_is_read(host: Host, said: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=b"x", headers={"Content-Encoding": said})

    host.answer = answer
    async with started() as client:
        assert (await client.ask("GET", host.url)).body == b"x"


@pytest.mark.requirement("R16")
async def test_a_redirect_is_an_answer_and_is_not_followed(host: Host) -> None:
    async def away(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    host.answer = away
    async with started() as client:
        assert (await client.ask("GET", host.url)).status == 302

    assert [asked.path for asked in host.asked] == ["/api/me"]


async def test_no_proxy_of_the_environment_is_used(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async with started() as client:
        assert (await client.ask("GET", host.url)).status == 200


async def test_nothing_is_asked_twice_when_the_host_hangs_up(host: Host) -> None:
    async def hanging_up(asked: web.Request) -> web.Response:
        if len(host.asked) == 1:
            return web.Response()
        assert asked.transport
        asked.transport.abort()
        return web.Response()

    host.answer = hanging_up
    async with started() as client:
        await client.ask("GET", host.url)
        with pytest.raises(NoAnswer):
            await client.ask("GET", host.url)

    assert len(host.asked) == 2


@pytest.mark.requirement("R58")
async def test_no_connection_is_used_again(host: Host) -> None:
    peers = set()

    async def answer(asked: web.Request) -> web.Response:
        assert asked.transport
        peers.add(asked.transport.get_extra_info("peername"))
        return web.Response()

    host.answer = answer
    async with started() as client:
        for _ in range(3):
            await client.ask("GET", host.url)

    assert len(peers) == 3


async def test_no_more_connections_are_open_at_a_time_than_allowed(host: Host) -> None:
    open_now, most = 0, 0
    two_are_here = asyncio.Barrier(2)

    async def answer(_: web.Request) -> web.Response:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        await two_are_here.wait()
        open_now -= 1
        return web.Response()

    host.answer = answer
    async with started(connections=2) as client:
        await asyncio.gather(*(client.ask("GET", host.url) for _ in range(6)))

    assert most == 2


async def test_waiting_for_a_connection_counts_as_waiting_for_the_answer(host: Host) -> None:
    let_go = asyncio.Event()

    async def hanging(_: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response()

    host.answer = hanging
    async with started(connections=1, timeout_seconds=0.1) as client:
        asked = [client.ask("GET", host.url) for _ in range(3)]
        found = await asyncio.gather(*asked, return_exceptions=True)

    let_go.set()
    assert [str(each) for each in found] == ["no whole answer within 0.1 s"] * 3


async def test_nothing_is_asked_before_the_start_or_after_the_end(host: Host) -> None:
    client = HttpClient(purpose="test", timeout_seconds=1, max_bytes=MAX_BYTES, connections=1)

    for _ in range(2):
        with pytest.raises(NoAnswer, match="before the start"):
            await client.ask("GET", host.url)
        await client.start()
        await client.start()
        await client.stop()
    await client.stop()

    assert host.asked == []
