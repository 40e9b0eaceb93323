"""An answer goes to the connection whole, or not at all."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.server import serving
from app.telemetry.processes import ProcessMetrics
from tests.server.served import GET, Clock, Running, conversation, serve, until

HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
LENGTH = (b"content-length", b"2")


@pytest.fixture(autouse=True)
def _no_metrics_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "process_metrics", lambda: ProcessMetrics(None))


class Saying(Running):
    """A server whose application says just these messages."""

    def __init__(self, *messages: dict[str, Any], clock: Clock | None = None) -> None:
        super().__init__(clock or Clock())
        self.messages = messages

    async def answer(self, _scope: Any, receive: Any, send: Any) -> None:
        await receive()
        for message in self.messages:
            await send(message)


def start(*fields: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(fields)}


def body(content: bytes = b"ok", **more: object) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, **more}


async def said(*messages: dict[str, Any], request: bytes = GET) -> bytes:
    async with serve(Saying(*messages)) as served:
        return await conversation(served, request)


def undated(answer: bytes) -> bytes:
    """Return answers without their dates, of which each has one."""
    parts = re.split(rb"date: \w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT\r\n", answer)
    assert len(parts) == 1 + answer.count(b"HTTP/1.1 ")
    return b"".join(parts)


def is_only_a_500(answer: bytes) -> bool:
    """Tell whether an answer is the server's own, and the last one on its connection."""
    head = b"HTTP/1.1 500 Internal Server Error\r\ncache-control: no-store\r\nconnection: close\r\n"
    return (
        undated(answer).startswith(head)
        and answer.endswith(b"\r\n\r\n")
        and answer.count(b"HTTP/") == 1
    )


async def test_head_and_body_are_as_the_application_says_them() -> None:
    answer = await said(start((b"x-a", b"tab\there \xc3\xa9"), LENGTH), body())

    assert (
        undated(answer)
        == b"HTTP/1.1 200 OK\r\nx-a: tab\there \xc3\xa9\r\ncontent-length: 2\r\n\r\nok"
    )


async def test_a_repeated_field_is_written_twice() -> None:
    answer = await said(start((b"vary", b"a"), (b"vary", b"b"), LENGTH), body())

    assert b"\r\nvary: a\r\nvary: b\r\n" in answer


async def test_head_has_no_body() -> None:
    answer = await said(start(LENGTH), body(), request=HEAD)

    assert undated(answer) == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_needs_no_length(status: int) -> None:
    answer = await said(start(status=status), body(b""), request=GET + GET)

    assert answer.count(b"HTTP/1.1 %d " % status) == 2
    assert b"content-length" not in answer


async def test_a_connection_that_the_application_ends_is_closed() -> None:
    answer = await said(start((b"connection", b"close"), LENGTH), body(), request=GET + GET)

    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert answer.count(b"connection: close") == 1


@pytest.mark.parametrize("control", [b"\r", b"\n", b"\r\n", b"\x00", b"\x0b", b"\x7f", b"\x1b"])
@pytest.mark.parametrize("place", ["name", "value"])
async def test_a_field_with_a_control_character_is_never_written(
    control: bytes, place: str
) -> None:
    broken = b"a" + control + b"x-injected: 1"
    field = (broken, b"1") if place == "name" else (b"x-a", broken)

    with capture_logs() as lines:
        answer = await said(start(field, LENGTH), body(), request=GET + GET)

    assert is_only_a_500(answer)
    assert b"x-injected" not in answer
    assert [(line["event"], line["error"]) for line in lines] == [("fault", "RuntimeError")]


@pytest.mark.parametrize(
    "messages",
    [
        (start(LENGTH), body(b"longer")),
        (start(LENGTH), body(b"")),
        (start(), body()),
        (start(LENGTH), body(more_body=True), body(b"")),
    ],
    ids=["longer", "shorter", "no-length", "in-pieces"],
)
async def test_an_answer_of_another_length_than_it_says_is_never_written(
    messages: tuple[dict[str, Any], ...],
) -> None:
    with capture_logs() as lines:
        assert is_only_a_500(await said(*messages, request=GET + GET))
    assert [(line["event"], line["error"]) for line in lines] == [("fault", "RuntimeError")]


async def test_an_application_that_breaks_before_its_answer_is_a_500() -> None:
    class Broken(Running):
        async def answer(self, _scope: Any, receive: Any, _send: Any) -> None:
            await receive()
            raise ValueError

    with capture_logs() as lines:
        async with serve(Broken(Clock())) as served:
            assert is_only_a_500(await conversation(served, GET + GET))

    assert [(line["event"], line["error"]) for line in lines] == [("fault", "ValueError")]
    assert "test_answers.py" in lines[0]["at"][-1]


async def test_an_application_that_does_not_answer_is_a_500() -> None:
    with capture_logs() as lines:
        assert is_only_a_500(await said(start(LENGTH), request=GET + GET))
    assert [(line["event"], line["error"]) for line in lines] == [("fault", "no answer")]


async def test_who_asks_and_never_reads_is_not_answered_without_end() -> None:
    big = b"x" * 100_000
    served = Saying(start((b"content-length", b"%d" % len(big))), body(big))
    async with serve(served):
        _, writer = await served.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads
        writer.write(GET * 1000)
        await asyncio.sleep(0.5)
        (connection,) = served.server.server_state.connections
        held = connection.transport.get_write_buffer_size()
        writer.transport.abort()

    assert held < 10 * len(big)


async def test_who_reads_late_gets_all_of_it() -> None:
    big = b"x" * 100_000
    async with serve(Saying(start((b"content-length", b"%d" % len(big))), body(big))) as served:
        reader, writer = await served.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads
        writer.write(GET * 100)
        (connection,) = served.server.server_state.connections
        await until(lambda: connection.flow.write_paused)  # type: ignore[union-attr] # ours
        writer.transport.resume_reading()  # type: ignore[attr-defined] # the same
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()

    assert answer.count(b"HTTP/1.1 200 OK") == 100
    assert answer.count(b"x") == 100 * len(big)


@pytest.mark.requirement("R54")
async def test_who_never_reads_is_closed_by_the_deadline() -> None:
    clock = Clock()
    big = b"x" * 100_000
    served = Saying(start((b"content-length", b"%d" % len(big))), body(big), clock=clock)
    async with serve(served):
        _, writer = await served.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a transport that reads
        writer.write(GET * 1000)
        (connection,) = served.server.server_state.connections
        await until(lambda: connection.flow.write_paused)  # type: ignore[union-attr] # ours
        clock.seconds = 9
        await asyncio.sleep(0.7)
        assert served.server.server_state.connections

        clock.seconds = 11
        await until(lambda: not served.server.server_state.connections)
        await until(lambda: not served.server.server_state.tasks)
        writer.transport.abort()


class Failing(Running):
    """A server whose application waits, and then answers nothing."""

    async def answer(self, _scope: Any, _receive: Any, _send: Any) -> None:
        self.asked.append({})
        await self.answering.wait()
        raise ValueError


@pytest.mark.parametrize("kind", [Running, Failing])
async def test_an_answer_for_nobody_is_dropped(kind: type[Running]) -> None:
    served = kind(Clock())
    served.answering.clear()
    async with serve(served):
        _, writer = await served.connect()
        writer.write(GET)
        await until(lambda: bool(served.asked))
        at_once = struct.pack("ii", 1, 0)  # the connection is reset, not ended
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        writer.transport.abort()
        await until(lambda: not served.server.server_state.connections)
        served.answering.set()
        await until(lambda: not served.server.server_state.tasks)
