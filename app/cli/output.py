"""What commands print: JSON for scripts, colours for people, and why a command failed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final, Literal, NoReturn

import structlog

from app.settings.environment import wants_colours

Colour = Literal["red", "green", "yellow", "bold"]

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
    """Print `message` to standard error and exit."""
    print(message, file=sys.stderr)
    sys.exit(status)
