"""Connections that say nothing, or little by little, take nothing from others."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from .acme import ADA, AS_SHIPPED
from .service import Answer, Connection, Service, request, serving

HEAD = request("/pandium-sso", *ADA)
SHORT = {**AS_SHIPPED, "SSO_HEAD_TIMEOUT_SECONDS": "2", "WEB_CONCURRENCY": "1"}


def open_files(soft: int, hard: int) -> tuple[str, ...]:
    """Return what limits the open files of the command behind it."""
    return ("prlimit", f"--nofile={soft}:{hard}")


@pytest.mark.requirement("R54")
@pytest.mark.parametrize("sent", [b"", b"GET ", HEAD[:30], HEAD[:-1], b"\r\n\r\n"])
def test_a_head_that_does_not_come_is_not_waited_for(tmp_path: Path, sent: bytes) -> None:
    with serving(SHORT, tmp_path) as service, service.connect() as connection:
        connection.send(sent)

        assert not connection.is_closed(within_seconds=1)
        assert connection.is_closed(within_seconds=4)


@pytest.mark.requirement("R54")
def test_a_head_that_trickles_is_not_waited_for(tmp_path: Path) -> None:
    with serving(SHORT, tmp_path) as service, service.connect() as connection:
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in HEAD:
                connection.send(bytes([byte]))
                if connection.is_closed(within_seconds=0.1):
                    break

        assert connection.is_closed()
        assert time.monotonic() - begun < 6


@pytest.mark.requirement("R54")
def test_the_next_head_on_a_kept_connection_has_a_deadline_of_its_own(tmp_path: Path) -> None:
    with serving(SHORT, tmp_path) as service, service.connect() as connection:
        assert connection.exchange(HEAD).status == 307
        connection.send(HEAD[:20])

        assert not connection.is_closed(within_seconds=1)
        assert connection.is_closed(within_seconds=4)


@pytest.mark.requirement("R54", "R44")
def test_half_open_connections_under_few_descriptors_refuse_nobody(tmp_path: Path) -> None:
    with (
        serving(SHORT, tmp_path, open_files(256, 256)) as service,
        contextlib.ExitStack() as open_,
    ):
        silent = [open_.enter_context(connected(service)) for _ in range(230)]
        for number, connection in enumerate(silent):
            with contextlib.suppress(OSError):
                connection.sendall(HEAD[: number % 40])
        trickling = [open_.enter_context(connected(service)) for _ in range(100)]

        for round_ in range(25):  # of 0.2 s: more than twice the deadline
            for connection in trickling:
                with contextlib.suppress(OSError):
                    connection.sendall(HEAD[round_ : round_ + 1])
            assert service.get("/livez").status == 200
            assert service.get("/pandium-sso", *ADA).status == 307
            time.sleep(0.2)

        assert all(is_closed(connection) for connection in (*silent, *trickling))


@pytest.mark.requirement("R54", "R44")
def test_kept_connections_under_few_descriptors_refuse_nobody(tmp_path: Path) -> None:
    with (
        serving(SHORT, tmp_path, open_files(256, 256)) as service,
        contextlib.ExitStack() as open_,
    ):
        kept = [open_.enter_context(connected(service)) for _ in range(300)]
        for _ in range(6):
            for connection in kept:
                with contextlib.suppress(OSError):
                    connection.sendall(HEAD)
            for _ in range(5):
                assert service.get("/livez").status == 200
                assert service.get("/pandium-sso", *ADA).status == 307
                time.sleep(0.2)


@pytest.mark.requirement("R54", "R44")
def test_who_asks_and_never_reads_is_not_waited_for(tmp_path: Path) -> None:
    with serving(SHORT, tmp_path) as service, contextlib.ExitStack() as open_:
        deaf = [open_.enter_context(connected(service, buffer_bytes=4096)) for _ in range(5)]
        for connection in deaf:
            connection.settimeout(0.5)
            with contextlib.suppress(OSError):  # nothing is taken any more: there is an end to it
                for _ in range(300):
                    connection.sendall(HEAD * 100)
        begun = time.monotonic()
        while open_connections(service) > 2:  # this question's, and that of the one before it
            assert service.get("/pandium-sso", *ADA).status == 307
            assert time.monotonic() - begun < 4.5  # idle ones are kept for 5 s
            time.sleep(0.2)


def open_connections(service: Service) -> int:
    (line,) = re.findall(r'sso_connections{state="open"} (\S+)', service.get("/metrics").text)
    return int(float(line))


def connected(service: Service, buffer_bytes: int | None = None) -> socket.socket:
    host, _, port = service.bind.rpartition(":")
    connection = socket.socket()
    if buffer_bytes is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    connection.connect((host, int(port)))
    return connection


def is_closed(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.requirement("R54")
def test_the_soft_limit_of_open_files_is_raised_and_nobody_is_reset(tmp_path: Path) -> None:
    with (
        serving(SHORT, tmp_path, open_files(1024, 4096)) as service,
        contextlib.ExitStack() as open_,
    ):
        limits = Path(f"/proc/{service.process.pid}/limits").read_text()
        for _ in range(1200):
            open_.enter_context(connected(service))
        answers = [service.get("/pandium-sso", *ADA).status for _ in range(300)]

    assert re.search(r"Max open files\s+4096\s+4096", limits)
    assert answers == [307] * 300


@pytest.mark.requirement("R54", "R50")
def test_ending_does_not_wait_for_half_open_connections(tmp_path: Path) -> None:
    patient = {**SHORT, "SSO_HEAD_TIMEOUT_SECONDS": "60", "SSO_DRAIN_SECONDS": "0"}
    with serving(patient, tmp_path) as service:
        silent = [service.connect() for _ in range(20)]
        for connection in silent:
            connection.send(HEAD[:20])
        begun = time.monotonic()
        service.ask_to_end()

        assert service.wait_for_end() == 0
        assert time.monotonic() - begun < 4  # 20 s is the grace of requests
        for connection in silent:
            connection.close()


@pytest.mark.requirement("R55")
@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Length: 100000",),
        ("Content-Length: 1",),
        ("Transfer-Encoding: chunked",),
        ("Content-Length: 5", "Expect: 100-continue"),
    ],
)
def test_an_announced_body_is_not_waited_for(shipped: Service, fields: tuple[str, ...]) -> None:
    with shipped.connect() as connection:
        connection.send(request("/pandium-sso", *ADA, *fields))
        answer = connection.answer()

        assert answer.status == 307
        assert answer["Connection"] == "close"
        assert connection.is_closed(within_seconds=3)


@pytest.mark.requirement("R55")
def test_an_answer_is_read_whole_by_who_still_sends_a_body(shipped: Service) -> None:
    with shipped.connect() as connection:
        connection.send(request("/pandium-sso", *ADA, "Content-Length: 400000", method="POST"))
        connection.send(b"x" * 400_000)
        answer = connection.answer()

    assert answer.status == 405


@pytest.mark.requirement("R36", "R55")
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 4301 + b"\r\n\r\n", 400),
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 60_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 200 + b"\r\n", 431),
        (b"debug / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ],
)
def test_the_servers_own_refusals_have_the_headers_of_every_answer(
    shipped: Service, data: bytes, status: int
) -> None:
    with shipped.connect() as connection:
        answer = connection.exchange(data)

        assert answer.status == status
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Connection"] == "close"
        assert connection.is_closed(within_seconds=3)


@pytest.mark.requirement("R55")
def test_a_websocket_handshake_is_refused_without_a_word_in_the_log(tmp_path: Path) -> None:
    handshake = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    with serving(AS_SHIPPED, tmp_path) as service:
        with service.connect() as connection:
            assert connection.exchange(request("/pandium-sso", *ADA, *handshake)).status == 400
        assert '"level":"error"' not in service.output


@pytest.mark.requirement("R49")
def test_a_reload_loses_no_request_of_kept_connections(tmp_path: Path) -> None:
    with serving(AS_SHIPPED, tmp_path) as service:
        connections = [service.connect() for _ in range(20)]
        for connection in connections:
            assert connection.exchange(HEAD).status == 307
        service.process.send_signal(signal.SIGHUP)

        answers = [answers_until_closed(connection) for connection in connections]

    assert {answer.status for each in answers for answer in each} == {307}


def answers_until_closed(connection: Connection) -> list[Answer]:
    """Ask on one connection until the service says that it closes it."""
    answers: list[Answer] = []
    with connection:
        while not answers or answers[-1].get("Connection") != "close":
            answers.append(connection.exchange(HEAD))
            time.sleep(0.02)
        assert connection.is_closed()
    return answers
