"""The destinations file (TOML): a table for each row."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.destinations.row_checks import wrong_keys
from app.destinations.rows import Row
from app.settings.problems import InvalidSettings, Problem, wording

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_tables(file: Path) -> dict[str, Any]:
    """Read the tables of a file by name, unchecked.

    Raises:
        InvalidSettings: the file cannot be read.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidSettings([Problem(file.name, f"cannot be read: {error}")]) from error


def read_rows(file: Path) -> dict[str, Row]:
    """Read the rows of a file by name.

    Raises:
        InvalidSettings: the file cannot be read, or with the first faulty row.
    """
    return {name: checked_row(file, name, table) for name, table in read_tables(file).items()}


def checked_row(file: Path, name: str, table: object) -> Row:
    """Check a table of `file`.

    Raises:
        InvalidSettings: with every problem, each named by file, table and key.
    """
    if not isinstance(table, dict):
        wrong = "is outside of a vendor's [table]; move it into one"
        raise InvalidSettings([Problem(f"{file.name} {name}", wrong)])
    place = f"{file.name} [{name}]"
    try:
        row = Row.model_validate(table | {"name": name})
    except ValidationError as error:
        raise InvalidSettings(_problems(place, error)) from None
    problems = [Problem(f"{place} {key}", wrong) for key, wrong in wrong_keys(row)]
    if problems:
        raise InvalidSettings(problems)
    return row


def _problems(place: str, error: ValidationError) -> Iterable[Problem]:
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        key = ".".join(map(str, found["loc"]))
        unknown = found["type"] == "extra_forbidden"
        wrong = "is not a known key of a row; remove it" if unknown else wording(found)
        yield Problem(f"{place} {key}".rstrip(), wrong)
