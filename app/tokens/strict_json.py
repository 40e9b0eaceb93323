"""Read JSON that has one meaning only, whoever reads it."""

from __future__ import annotations

import json
import math
from functools import partial
from typing import Any

MAX_DEPTH = 16
MAX_MEMBERS = 64


class InvalidJson(ValueError):
    """Not a JSON object, or one that two readers could understand differently."""


def strict_json(text: bytes, *, max_members: int = MAX_MEMBERS) -> dict[str, Any]:
    """Read a JSON object that has one meaning only (RFC 8725, section 3.7).

    Raises:
        InvalidJson: not UTF-8, a byte order mark, a repeated member, NaN or an infinity, deeper
            than `MAX_DEPTH`, or more than `max_members` members in one object.
    """
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=partial(_members, max_members),
            parse_float=finite_number,
            parse_constant=finite_number,
        )
    except InvalidJson:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJson("it does not hold JSON") from error
    if not isinstance(value, dict):
        raise InvalidJson("it does not hold a JSON object")
    if nests_deeper_than(MAX_DEPTH, value):
        raise InvalidJson("its JSON nests too deeply")
    return value


def _members(at_most: int, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidJson("its JSON has a repeated member")
    if len(members) > at_most:
        raise InvalidJson("its JSON has too many members")
    return members


def finite_number(number: str) -> float:
    """Read a number of JSON.

    Raises:
        InvalidJson: it is NaN or infinite.
    """
    value = float(number)
    if not math.isfinite(value):
        raise InvalidJson("its JSON has a number that is not finite")
    return value


def nests_deeper_than(levels: int, value: object) -> bool:
    """Tell whether objects and arrays nest deeper in a value; this goes no deeper itself."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(nests_deeper_than(levels - 1, item) for item in value)
