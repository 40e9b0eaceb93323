"""Values of a row that TOML can write, and JSON cannot."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from app.destinations.rows import Row


def not_json(row: Row) -> Iterable[tuple[str, str]]:
    """Find claims that no token can say: pairs of a key of the row and a message."""
    yield from _not_json("claims", row.claims)
    yield from _not_json("answer", row.answer)
    if row.exchange is not None:
        yield from _not_json("exchange.json", row.exchange.body)
    if row.renew is not None:
        yield from _not_json("renew.message", row.renew.message)
        yield from _not_json("renew.answer", row.renew.answer)
    for name, page in row.pages.items():
        yield from _not_json(f"pages.{name}.claims", page.claims)


def _not_json(place: str, value: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any TOML value
    if isinstance(value, date | time):  # a datetime is a date, too
        yield place, "is a date of TOML, which JSON lacks; write it in quotes"
    elif isinstance(value, float) and not math.isfinite(value):
        yield place, "is not a finite number"
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _not_json(f"{place}.{key}", each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _not_json(f"{place}.{number}", each)
