"""The worker's server, as a real server on loopback: its bounds, its signals, its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config

from app.server import serving
from app.server.limits import connection_capacity, raise_descriptor_limit
from app.server.request_parser import MAX_HEAD_BYTES
from app.server.worker import Server, Worker
from app.settings.problems import InvalidSettings
from app.telemetry.processes import ProcessMetrics
from tests.in_process import Load
from tests.samples import PANDIUM, PROXY
from tests.server.served import GET, Clock, Running, conversation, serve, until

OK = b"HTTP/1.1 200 OK"


@pytest.fixture(autouse=True)
def _no_metrics_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "process_metrics", lambda: ProcessMetrics(None))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def running(clock: Clock) -> AsyncIterator[Running]:
    async with serve(Running(clock)) as served:
        yield served


@pytest.mark.requirement("R50")
async def test_a_worker_ends_after_the_process_that_began_it(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.sleep(1.1)
    assert not running.server.should_exit

    monkeypatch.setattr("app.server.worker.os.getppid", lambda: 1)

    await until(lambda: running.server.should_exit)


@pytest.mark.requirement("R50")
async def test_a_worker_is_heard_when_the_clock_is_set_back(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: running.beats > 0)
    before = running.beats

    monkeypatch.setattr("uvicorn.server.time", SimpleNamespace(time=lambda: 1.0))

    await until(lambda: running.beats > before + 1)


async def test_a_request_is_answered_and_its_connection_kept(running: Running) -> None:
    answer = await conversation(running, GET, GET[:10], GET[10:], GET + GET)

    assert answer.count(OK) == 4
    assert len(running.asked) == 4


async def test_more_requests_at_once_than_a_head_may_be_long_are_all_answered(
    running: Running,
) -> None:
    answer = await conversation(running, GET * 2000)

    assert answer.count(OK) == 2000


@pytest.mark.requirement("R41", "R54", "R55")
@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"], b"400"),
        ([b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n"], b"400"),
        ([b"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n"], b"400"),
        ([b"brew / HTTP/1.1\r\nHost: a\r\n\r\n"], b"400"),
        ([b"GET / HTTP/0.9\r\n\r\n"], b"400"),
        ([b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"], b"400"),
        ([b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"], b"400"),
        ([b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"], b"400"),
        ([b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n"], b"400"),
        ([b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"], b"400"),
        ([b"GET /" + b"x" * 8177 + b" HTTP/1.1\r\n\r\n"], b"414"),
        ([b"GET / HTTP/1.1\r\n" + b"A: 1\r\n" * 101 + b"\r\n"], b"431"),
        ([b"GET / HTTP/1.1\r\nA: " + b"x" * MAX_HEAD_BYTES], b"431"),
        ([b"GET / HTTP/1.1\r\nA: ", b"x" * MAX_HEAD_BYTES, b"x" * 9], b"431"),
        ([b"\x16\x03\x01"], b"400"),
    ],
)
async def test_a_request_that_is_not_plain_is_refused_and_never_asked(
    running: Running, pieces: list[bytes], status: bytes
) -> None:
    answer = await conversation(running, *pieces, GET)

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"cache-control: no-store" in answer
    assert running.asked == []


@pytest.mark.requirement("R55")
@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx" + GET,
        b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n" + GET,
        b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    ],
)
async def test_a_body_is_not_waited_for_and_nothing_is_read_after_it(
    running: Running, request_: bytes
) -> None:
    answer = await conversation(running, request_, GET)

    assert answer.count(b"HTTP/1.1") == 1
    assert answer.startswith(OK)
    assert b"connection: close" in answer
    assert len(running.asked) == 1


async def test_a_length_of_zero_is_no_body(running: Running) -> None:
    answer = await conversation(running, b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", GET)

    assert answer.count(OK) == 2


@pytest.mark.parametrize(
    "requests",
    [
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + GET + b"nonsense",
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + GET,
    ],
)
async def test_the_last_request_of_a_connection_is_answered_and_none_after_it(
    running: Running, requests: bytes
) -> None:
    answer = await conversation(running, requests)

    assert answer.startswith(OK)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer


async def test_tabs_around_a_value_do_not_count(running: Running) -> None:
    await conversation(running, b"GET / HTTP/1.1\r\nX-User: \t a\tb \t\r\n\r\n")

    assert running.asked[0]["headers"] == [(b"x-user", b"a\tb")]


async def test_requests_that_wait_for_their_turn_are_not_read_without_end(running: Running) -> None:
    running.answering.clear()
    _, writer = await running.connect()
    writer.write(GET + GET)
    await until(lambda: bool(running.asked))

    (connection,) = running.server.server_state.connections
    assert connection.flow.read_paused  # type: ignore[union-attr] # ours
    running.answering.set()
    await until(lambda: len(running.asked) == 2)
    assert not connection.flow.read_paused  # type: ignore[union-attr] # the same
    writer.close()


async def test_names_with_an_underscore_are_dropped(running: Running) -> None:
    await conversation(running, b"GET / HTTP/1.1\r\nX_User: a\r\nX-User: b\r\n\r\n")

    assert running.asked[0]["headers"] == [(b"x-user", b"b")]


async def test_what_is_no_http_ends_a_connection_after_the_request_under_way(
    running: Running,
) -> None:
    running.answering.clear()
    asyncio.get_running_loop().call_later(0.1, running.answering.set)

    answer = await conversation(running, GET, b"\x00nonsense")

    assert answer.startswith(OK)
    assert b"connection: close" in answer
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.requirement("R54")
async def test_a_late_head_ends_its_connection_and_no_other(running: Running, clock: Clock) -> None:
    late, late_writer = await running.connect()
    reader, writer = await running.connect()
    await asyncio.sleep(0.05)
    clock.seconds = 5
    writer.write(GET)
    assert (await reader.readuntil(b"ok")).startswith(OK)
    writer.write(GET[:9])
    await asyncio.sleep(0.05)

    clock.seconds = 11
    async with asyncio.timeout(3):
        assert await late.read() == b""
    writer.write(GET[9:])
    assert (await reader.readuntil(b"ok")).startswith(OK)
    writer.close()
    late_writer.close()


async def test_a_kept_connection_that_asks_no_more_is_closed_and_no_other(
    running: Running, clock: Clock
) -> None:
    idle, idle_writer = await running.connect()
    busy, busy_writer = await running.connect()
    for reader, writer in ((idle, idle_writer), (busy, busy_writer)):
        writer.write(GET)
        assert (await reader.readuntil(b"ok")).startswith(OK)
    clock.seconds = 4
    busy_writer.write(GET)
    assert (await busy.readuntil(b"ok")).startswith(OK)

    clock.seconds = 6
    async with asyncio.timeout(3):
        assert await idle.read() == b""
    busy_writer.write(GET)
    assert (await busy.readuntil(b"ok")).startswith(OK)
    for each in (idle_writer, busy_writer):
        each.close()


async def test_a_head_that_begins_before_the_last_answer_has_its_own_deadline(
    running: Running, clock: Clock
) -> None:
    reader, writer = await running.connect()
    running.answering.clear()
    writer.write(GET)
    await until(lambda: bool(running.asked))
    writer.write(GET[:9])
    await until(lambda: running.connections.half_open == 1)
    running.answering.set()
    assert (await reader.readuntil(b"ok")).startswith(OK)

    clock.seconds = 9  # kept connections may ask no more for 5 s, a head may take 10
    await asyncio.sleep(0.7)
    writer.write(GET[9:])
    assert (await reader.readuntil(b"ok")).startswith(OK)
    writer.close()


async def test_requests_that_come_at_once_are_answered_in_turn(running: Running) -> None:
    paths = [b"/%d" % number for number in range(20)]

    answer = await conversation(running, b"".join(GET.replace(b"/", path, 1) for path in paths))

    assert answer.count(OK) == len(paths)
    assert [each["raw_path"] for each in running.asked] == paths


@pytest.mark.requirement("R54")
async def test_the_oldest_half_open_connection_makes_room(clock: Clock) -> None:
    async with serve(Running(clock, capacity=2)) as served:
        oldest, oldest_writer = await served.connect()
        others = [await served.connect() for _ in range(2)]

        async with asyncio.timeout(3):
            assert await oldest.read() == b""
        for reader, writer in others:
            writer.write(GET)
            assert (await reader.readuntil(b"ok")).startswith(OK)
            writer.close()
        oldest_writer.close()


@pytest.mark.requirement("R54")
async def test_without_half_open_ones_the_oldest_idle_connection_makes_room(clock: Clock) -> None:
    async with serve(Running(clock, capacity=2)) as served:
        kept = [await served.connect() for _ in range(2)]
        for reader, writer in kept:
            writer.write(GET)
            await reader.readuntil(b"ok")

        new, new_writer = await served.connect()
        async with asyncio.timeout(3):
            assert await kept[0][0].read() == b""
        for reader, writer in (kept[1], (new, new_writer)):
            writer.write(GET)
            assert (await reader.readuntil(b"ok")).startswith(OK)
            writer.close()
        kept[0][1].close()


@pytest.mark.requirement("R54")
async def test_where_all_are_being_answered_the_new_connection_goes(clock: Clock) -> None:
    async with serve(Running(clock, capacity=1)) as served:
        served.answering.clear()
        busy, busy_writer = await served.connect()
        busy_writer.write(GET)
        await until(lambda: bool(served.asked))

        new, new_writer = await served.connect()
        async with asyncio.timeout(3):
            with contextlib.suppress(ConnectionResetError):
                assert await new.read() == b""
        served.answering.set()
        assert (await busy.readuntil(b"ok")).startswith(OK)
        for each in (busy_writer, new_writer):
            each.close()


@pytest.mark.requirement("R49", "R50")
@pytest.mark.parametrize("draining", [False, True])
async def test_at_the_end_an_idle_connection_is_answered_once_more_unless_draining(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, *, draining: bool
) -> None:
    monkeypatch.setattr(serving, "is_draining", lambda: draining)
    async with serve(Running(clock)) as served:
        reader, writer = await served.connect()
        writer.write(GET)
        await reader.readuntil(b"ok")
        served.answering.clear()
        busy, busy_writer = await served.connect()
        busy_writer.write(GET)
        await until(lambda: len(served.asked) == 2)

        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.3)
        served.answering.set()
        writer.write(GET)
        with contextlib.suppress(OSError):
            answer = await reader.read()
        assert b"connection: close" in await busy.read()
        for each in (writer, busy_writer):
            each.close()

    assert (b"connection: close" in answer) is not draining


@pytest.mark.requirement("R50")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
async def test_a_signal_to_end_now_waits_for_nobody(running: Running, number: int) -> None:
    running.answering.clear()
    _, writer = await running.connect()
    writer.write(GET)
    await until(lambda: len(running.asked) == 1)

    os.kill(os.getpid(), number)
    await until(lambda: running.server.force_exit)
    running.answering.set()
    writer.close()


def gunicorn_worker(listener: socket.socket, application: Any) -> Worker:
    config = Config()
    log = SimpleNamespace(error_log=SimpleNamespace(handlers=[], level=30))
    log.access_log = log.error_log
    worker = Worker(1, os.getppid(), [listener], None, 30, config, log)
    worker.wsgi = application
    return worker


async def test_the_worker_serves_its_application(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load(PROXY, PANDIUM)
    metrics = ProcessMetrics(tmp_path)
    monkeypatch.setattr(serving, "_current", [])
    monkeypatch.setattr("app.server.serving.logs.configure", lambda *_: None)
    monkeypatch.setattr(serving, "process_metrics", lambda: metrics)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = gunicorn_worker(listener, serving.application())
        task = asyncio.create_task(worker._serve())  # noqa: SLF001 - as gunicorn runs it, in this loop
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")

        assert (await reader.readuntil(b"\r\n")).startswith(OK)
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await task
        worker.tmp.close()
    (snapshot,) = tmp_path.glob("*")  # noqa: ASYNC240 - a folder in memory
    assert snapshot.name.startswith(f"{os.getpid()}-")


async def test_a_worker_that_cannot_start_says_so_by_its_status(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    monkeypatch.setattr(serving, "_current", [])
    monkeypatch.setattr("app.server.serving.logs.configure", lambda *_: None)

    async def startup(server: Server, sockets: Any) -> None:
        assert sockets
        server.should_exit = True

    monkeypatch.setattr(Server, "startup", startup)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = gunicorn_worker(listener, serving.application())
        with pytest.raises(SystemExit) as end:
            await worker._serve()  # noqa: SLF001 - as gunicorn runs it

        worker.tmp.close()

    assert end.value.code == 3


@pytest.mark.requirement("R54")
@pytest.mark.parametrize(("soft", "capacity"), [(256, 128), (1024, 864), (65536, 65376)])
def test_descriptors_are_left_for_everything_else(
    monkeypatch: pytest.MonkeyPatch, soft: int, capacity: int
) -> None:
    set_: list[Any] = []
    monkeypatch.setattr("app.server.limits.resource.getrlimit", lambda _: (soft, 70_000))
    monkeypatch.setattr("app.server.limits.resource.setrlimit", lambda *each: set_.append(each[1]))

    assert connection_capacity() == capacity
    raise_descriptor_limit(workers=2)
    assert set_ == [(70_000, 70_000)]


@pytest.mark.parametrize(("workers", "fewest"), [(1, 66), (256, 576)])
def test_a_limit_of_descriptors_with_which_no_worker_starts_is_named(
    monkeypatch: pytest.MonkeyPatch, workers: int, fewest: int
) -> None:
    set_: list[Any] = []
    monkeypatch.setattr("app.server.limits.resource.getrlimit", lambda _: (8, fewest - 1))
    monkeypatch.setattr("app.server.limits.resource.setrlimit", lambda *each: set_.append(each[1]))

    with pytest.raises(InvalidSettings, match=f"ulimit -n is {fewest - 1}: .* need {fewest} "):
        raise_descriptor_limit(workers)

    assert set_ == []
