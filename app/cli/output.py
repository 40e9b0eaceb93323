"""What commands print: JSON for scripts, colours for people, and why a command failed."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, NoReturn

import structlog

from app.settings.environment import wants_colours

Colour = Literal["red", "green", "yellow", "bold"]

_INTERRUPTED: Final = 128 + signal.SIGINT
_BROKEN_PIPE: Final = 128 + signal.SIGPIPE
"""As a shell tells of a program that such a signal has ended."""

_MOST_CHARACTERS: Final = 1024 * 1024
"""Of standard input; a token has some thousand."""

_CODES: Final[Mapping[Colour, int]] = {"bold": 1, "red": 31, "green": 32, "yellow": 33}
"""Of ECMA-48, section 8.3.117: Select Graphic Rendition."""


def print_json(value: Mapping[str, Any]) -> None:
    """Print `value` as indented JSON."""
    print(json.dumps(value, indent=2))


def coloured(text: str, colour: Colour) -> str:
    """Return `text` in a colour, on a terminal that may have colours; unchanged elsewhere."""
    if not (sys.stdout.isatty() and wants_colours()):
        return text
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def log_to_standard_error() -> None:
    """Keep what is logged out of what a command prints."""
    structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def fail(message: str, *, status: int = 1) -> NoReturn:
    """Print `message` to standard error, if that can be written to, and exit."""
    with suppress(OSError):
        print(message, file=sys.stderr)
    sys.exit(status)


def read_standard_input() -> str:
    """Return what is piped in; where it was closed, nothing is."""
    text = sys.stdin.read(_MOST_CHARACTERS + 1) if sys.stdin else ""
    if len(text) > _MOST_CHARACTERS:
        fail(f"standard input has more than {_MOST_CHARACTERS} characters", status=2)
    return text


@contextmanager
def standard_streams() -> Iterator[None]:
    """Read and write UTF-8 in every locale; end in order on Ctrl-C or a full disk."""
    for name, errors in (
        ("stdin", "replace"),
        ("stdout", "backslashreplace"),
        ("stderr", "backslashreplace"),
    ):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)
        elif stream is None and name != "stdin":  # it was closed before we began
            setattr(sys, name, io.StringIO())
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # what is left would be tried again when Python ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):  # `| head` has read enough
            sys.exit(_BROKEN_PIPE)
        fail(f"cannot go on: {error}")
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
