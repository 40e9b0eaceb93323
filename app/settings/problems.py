"""What can be wrong with a configuration, told by variable and never with a secret's value."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from app.settings.variables import WrongVariable

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_WORDS: Final = {
    "missing": "is required",
    "bool_parsing": "is neither true nor false",
    "int_parsing": "is no whole number; write digits alone",
    "float_parsing": "is no number; write digits alone",
    "tuple_type": "should be a list",
    "dict_type": "should be a table",
    "model_type": "should be a table",
}
"""What pydantic says for programmers, by its type of error."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with one variable, and what would be right."""

    variable: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.variable} {self.wrong}"


class InvalidSettings(Exception):
    """A configuration with which the service does not start."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("; ".join(map(str, self.problems)))


def fault(variable: str, error: BaseException) -> Problem:
    """Return the problem that an unforeseen exception is; its text may quote a secret."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in last)
    return Problem(variable, f"cannot be used: {type(error).__name__} was raised{place}")


def problems_of_group(error: ValidationError, prefix: str) -> Iterable[Problem]:
    """Translate what pydantic says of a group whose variables begin with `prefix`."""
    for found in error.errors(include_url=False, include_input=False):
        field, wrong = str(next(iter(found["loc"]), "")), wording(found)
        cause: Any = found.get("ctx", {}).get("error")
        if isinstance(cause, WrongVariable):
            field, wrong = cause.field, cause.wrong
        yield Problem(f"{prefix}{field.upper()}", wrong)


def wording(found: ErrorDetails) -> str:
    """Return pydantic's message without what only a programmer needs."""
    if found["type"] in _WORDS:
        return _WORDS[found["type"]]
    if found["type"] == "too_short" and found["msg"].endswith(" not 0"):  # secrets can be, too
        return "names nothing; write at least one, or leave it out"
    words = found["msg"].removeprefix("Value error, ").replace("Input should", "should")
    return words.replace("String should match pattern", "does not match the pattern")
