import json
import logging
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.telemetry import logs
from app.telemetry.sink import (
    MAX_LINE_BYTES,
    Sink,
    append_only,
    open_standard_descriptors,
)
from app.tokens.jws import hmac_key, sign

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
TOKEN = sign({"sub": "ada@acme.example"}, hmac_key(SECRET.encode()))


class Memory(Sink):
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__(os.open(os.devnull, os.O_WRONLY))
        self.kept = b""

    def write(self, line: bytes) -> None:
        self.kept += line


@pytest.fixture
def memory() -> Iterator[Memory]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Memory()
    structlog.reset_defaults()
    root.handlers, root.level = before


def events(memory: Memory) -> list[dict[str, object]]:
    return [json.loads(line) for line in memory.kept.decode().splitlines()]


def test_a_line_is_json_for_machines(memory: Memory) -> None:
    logs.configure("info", "json", memory)

    structlog.get_logger().info("sign_on", page="x", odd=object())

    (event,) = events(memory)
    assert list(event) == ["time", "level", "event", "page", "odd"]
    assert (event["level"], event["event"], event["page"]) == ("info", "sign_on", "x")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(event["time"]))
    assert event["odd"] == "object"


def test_a_line_is_in_columns_for_people(memory: Memory) -> None:
    logs.configure("info", "console", memory)

    structlog.get_logger().warning("refusal", page="x", code=None)

    assert re.fullmatch(rb"\S+Z warning  refusal +page=x code=None\n", memory.kept)


def test_what_is_below_the_level_is_not_written(memory: Memory) -> None:
    logs.configure("warning", "json", memory)

    structlog.get_logger().info("sign_on")
    logging.getLogger("library").info("x")

    assert memory.kept == b""


@pytest.mark.requirement("R46")
@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "text", ["a\r\nb", "\x1b[31m", "\u202e", "\u2028", "\x85", "\x00", "x" * 8192, "é" * 8192]
)
def test_a_hostile_field_stays_one_line(
    memory: Memory, text: str, log_format: logs.LogFormat
) -> None:
    logs.configure("info", log_format, memory)

    structlog.get_logger().info("sign_on", page=text, **{f"field_{n}": text for n in range(20)})

    line = memory.kept.decode("ascii")
    assert len(line) <= MAX_LINE_BYTES
    assert line.endswith("\n")
    assert line[:-1].isprintable()
    if log_format == "json":
        assert json.loads(line)["page"][:9] == text[:9]


@pytest.mark.requirement("R45")
@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_token_and_no_secret_gets_into_a_line(
    memory: Memory, log_format: logs.LogFormat
) -> None:
    pem = "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----"
    logs.configure("debug", log_format, memory, (SECRET, 'quo"ted-secret', pem))

    structlog.get_logger().info("plugin", token=TOKEN, url=f"https://x/?tenant={TOKEN}#")
    logging.getLogger("library").debug("key %s, %s, token %s", SECRET, 'quo"ted-secret', TOKEN)
    logging.getLogger("library").error("pem %s", pem)
    structlog.get_logger().info("plugin", found=[TOKEN, {SECRET: f"is {SECRET}"}], jti=TOKEN)

    text = memory.kept.decode()
    assert text.count("[token]") == 5
    for hidden in (SECRET, "ted-secret", "MIIEvgIBADANBgkqhkiG9w0BAQEF", *TOKEN.split(".")):
        assert hidden not in text


def test_a_value_that_no_json_has_is_still_a_line(memory: Memory) -> None:
    logs.configure("info", "json", memory)

    structlog.get_logger().info("x", big=1 << 70, half="\ud800", delete="\x7f", odd=float("inf"))

    (event,) = events(memory)
    assert (event["big"], event["half"], event["delete"]) == (1 << 70, "\ud800", "\x7f")


@pytest.mark.requirement("R45")
def test_an_exception_of_others_tells_its_class_and_its_place(memory: Memory) -> None:
    logs.configure("debug", "json", memory)

    try:
        int("quoting a cookie: session=abc")
    except ValueError:
        logging.getLogger("library").exception("it broke")
    logging.getLogger("library").error("no exception", exc_info=(None, None, None))

    first, second = events(memory)
    assert (first["event"], first["logger"], first["error"]) == (
        "it broke",
        "library",
        "ValueError",
    )
    assert re.search(r"test_logs\.py:\d+", str(first["at"]))
    assert "cookie" not in memory.kept.decode()
    assert "error" not in second


def lines_of(descriptor: int) -> bytes:
    return os.read(descriptor, 1 << 20)


@pytest.mark.requirement("R47")
def test_a_line_is_written_to_a_pipe_at_once() -> None:
    end, beginning = os.pipe()
    sink = Sink(beginning)

    sink.write(b"one\n")

    assert lines_of(end) == b"one\n"
    assert sink.lost == 0
    assert os.get_blocking(beginning)


@pytest.mark.requirement("R47")
def test_a_blocked_pipe_costs_lines_and_nothing_else() -> None:
    end, beginning = os.pipe()
    sink = Sink(beginning)

    for _ in range(1000):
        sink.write(b"x" * 1023 + b"\n")

    assert sink.lost > 900
    assert len(lines_of(end)) == (1000 - sink.lost) * 1024
    before = sink.lost
    sink.write(b"again\n")
    assert sink.lost == before


@pytest.mark.requirement("R47")
def test_a_closed_pipe_costs_lines_and_nothing_else() -> None:
    end, beginning = os.pipe()
    sink = Sink(beginning)
    os.close(end)

    sink.write(b"one\n")

    assert sink.lost == 1


@pytest.mark.requirement("R47")
def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    sink = Sink(os.open("/dev/full", os.O_WRONLY))

    sink.write(b"one\n")

    assert sink.lost == 1


@pytest.mark.requirement("R47")
def test_a_descriptor_that_is_closed_from_the_start_costs_lines_and_nothing_else() -> None:
    end, beginning = os.pipe()
    os.close(beginning)

    sink = Sink(beginning)
    sink.write(b"one\n")

    assert sink.lost == 1
    os.close(end)


@pytest.mark.requirement("R47")
def test_nothing_else_gets_the_number_of_a_standard_stream_that_was_closed() -> None:
    kept = os.dup(0)
    os.close(0)
    try:
        open_standard_descriptors()

        assert Path("/proc/self/fd/0").readlink() == Path(os.devnull)
        assert os.get_inheritable(0)
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it stays open
@pytest.mark.requirement("R47")
def test_a_socket_is_sent_to_without_blocking() -> None:
    here, there = socket.socketpair()
    with here, there:
        sink = Sink(here.fileno())
        sink.write(b"one\n")
        assert there.recv(100) == b"one\n"

        for _ in range(1000):
            sink.write(b"x" * 4095 + b"\n")

        assert sink.lost > 0
        assert here.getblocking()


def test_a_file_is_appended_to(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as file:
        file.write("before\n")
        file.flush()
        Sink(file.fileno()).write(b"after\n")

    assert path.read_text() == "before\nafter\n"


def test_a_shared_file_is_appended_to_by_everybody(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    with path.open("r+b", buffering=0) as file:
        append_only(file.fileno())
        file.write(b"after\n")
    append_only(1023)

    assert path.read_text() == "before\nafter\n"


def test_a_pipe_of_another_user_is_written_to_without_blocking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    end, beginning = os.pipe()
    monkeypatch.setattr("app.telemetry.sink.os.open", refused)

    sink = Sink(beginning)
    for _ in range(200):
        sink.write(b"x" * 1023 + b"\n")

    assert sink.lost > 100
    assert lines_of(end)
