"""What commands print: JSON for scripts, and why a command failed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, NoReturn


def print_json(value: Mapping[str, Any]) -> None:
    """Print `value` as indented JSON."""
    print(json.dumps(value, indent=2))


def fail(message: str, *, status: int = 1) -> NoReturn:
    """Print `message` to standard error and exit."""
    print(message, file=sys.stderr)
    sys.exit(status)
