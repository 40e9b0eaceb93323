"""Logs: one line an event, as JSON for machines or in columns for people, ours and others'."""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal

import structlog

from app.telemetry.sink import MAX_LINE_BYTES, Sink
from app.tokens.json_writer import json_writer

LogFormat = Literal["json", "console"]
_Rendered = Callable[[str, str, Mapping[str, Any]], bytes]

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*")
_TOKENS_MIDDLE: Final = re.compile(r"\.[A-Za-z0-9_-]{10,}\.")  # found, or not, forty times faster
_LONGEST_VALUES_CHARACTERS: Final = (256, 16)
_SHORTEST_SECRET_CHARACTERS: Final = 6
_FRAMES: Final = 8
_MILLISECONDS: Final = tuple(f".{number:03d}Z" for number in range(1000))
_LEVELS: Final = {"info": logging.INFO, "warning": logging.WARNING}

_writers: Final[list[Callable[[str, str, Mapping[str, Any]], None]]] = []
"""What `configure` has made for `write`: one, or none before the first configuration."""


def configure(level: str, log_format: LogFormat, sink: Sink, secrets: Iterable[str] = ()) -> None:
    """Send every line of this process to `sink`, without what `secrets` are and tokens look like.

    `level` is a name of the standard library's, in small letters.
    """
    number = logging.getLevelName(level.upper())
    rendered = _rendering(log_format, secrets)
    written = {name for name, least in _LEVELS.items() if least >= number}

    def write_line(level: str, event: str, fields: Mapping[str, Any]) -> None:
        if level in written:
            sink.write(rendered(level, event, fields))

    _writers[:] = [write_line]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            lambda _logger, _method, event: rendered(event.pop("level"), event.pop("event"), event),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: _SinkLogger(sink),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [ForeignLines()]
    root.setLevel(number)


def write(level: str, event: str, fields: Mapping[str, Any]) -> None:
    """Write the one line of a request, without structlog's making of a logger for each."""
    for write_line in _writers:
        write_line(level, event, fields)


class ForeignLines(logging.Handler):
    """Takes the lines of libraries and of the server, in our format.

    Of an exception it tells the class and the places: its text may quote what nobody is to read.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as an event."""
        more = {}
        if record.exc_info and record.exc_info[1] is not None:
            more = {"error": type(record.exc_info[1]).__name__, "at": places(record.exc_info[1])}
        write = structlog.get_logger().log
        write(record.levelno, record.getMessage(), logger=record.name, **more)


def places(error: BaseException) -> list[str]:
    """Give where an exception passed, innermost last, without a word of what was there."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno}" for frame in frames]


class _SinkLogger:
    """What structlog hands rendered lines to."""

    def __init__(self, sink: Sink) -> None:
        self.msg = self.debug = self.info = self.warning = self.error = self.critical = sink.write


def _rendering(log_format: LogFormat, secrets: Iterable[str]) -> _Rendered:
    render: Callable[[dict[str, Any]], str] = _as_json if log_format == "json" else _in_columns
    redacted = _redaction(secrets)

    def rendered(level: str, event: str, fields: Mapping[str, Any]) -> bytes:
        members = {"time": _now(), "level": level, "event": event, **fields}
        line = redacted(render(members))
        for longest in _LONGEST_VALUES_CHARACTERS:
            if len(line) < MAX_LINE_BYTES:
                break
            members = {name: _shortened(value, longest) for name, value in members.items()}
            line = redacted(render(members))
        return line.encode("ascii") + b"\n"

    return rendered


_as_json: Final = json_writer(allow_nan=True, default=lambda value: type(value).__name__)


def _in_columns(event: dict[str, Any]) -> str:
    more = " ".join(f"{name}={value}" for name, value in list(event.items())[3:])
    line = f"{event['time']} {event['level']:<8} {event['event']:<16} {more}".rstrip()
    return ascii(line)[1:-1]


def _now() -> str:
    seconds, milliseconds = divmod(time.time_ns() // 1_000_000, 1000)
    return _to_the_second(seconds) + _MILLISECONDS[milliseconds]


@lru_cache(1)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")


def _shortened(value: object, longest: int) -> object:
    text = str(value)
    return value if len(text) <= longest else text[:longest]


def _redaction(secrets: Iterable[str]) -> Callable[[str], str]:
    """Give what takes tokens and secrets out of a line; a PEM key goes line by line."""
    pieces = {
        written
        for secret in secrets
        for piece in secret.split()
        if len(piece) >= _SHORTEST_SECRET_CHARACTERS
        for written in (piece, json.dumps(piece)[1:-1])
    }
    ordered = sorted(pieces, key=len, reverse=True)

    def redacted(line: str) -> str:
        if _TOKENS_MIDDLE.search(line):
            line = _TOKEN.sub("[token]", line)
        for piece in ordered:
            line = line.replace(piece, "[secret]")
        return line

    return redacted
