"""The destinations file (TOML): a table for each row."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from app.destinations.row_checks import wrong_keys
from app.destinations.row_exchange import ExchangeTable
from app.destinations.row_renew import RenewTable
from app.destinations.rows import Parameter, Row, RowPage
from app.settings.files import UnreadableFile, read_text
from app.settings.problems import InvalidSettings, Problem, wording
from app.tokens.strict_json import MAX_DEPTH, nests_deeper_than

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_DEEPEST: Final = 5 + MAX_DEPTH
"""A file has rows, a row pages, a page claims; claims are as deep as JSON elsewhere."""


def read_tables(file: Path) -> dict[str, Any]:
    """Read the tables of a file by name, unchecked.

    Raises:
        InvalidSettings: the file cannot be read.
    """
    try:
        return _tables(read_text(file))
    except UnreadableFile as error:
        wrong = str(error)
    except ValueError as error:
        wrong = f"cannot be read: {error}"
    except RecursionError:
        wrong = "cannot be read: its values nest too deeply"
    raise InvalidSettings([Problem(file.name, f"{wrong} (SSO_DESTINATIONS_FILE={file})")])


def _tables(text: str) -> dict[str, Any]:
    tables = tomllib.loads(text)
    if nests_deeper_than(_DEEPEST, tables):
        raise RecursionError
    return tables


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
        wrong = f"is not a known key of a row; {_remedy(key)}" if unknown else wording(found)
        yield Problem(f"{place} {key}".rstrip(), wrong)


def _remedy(key: str) -> str:
    tables = (Row, RowPage, Parameter, ExchangeTable, RenewTable)
    known = sorted({name for table in tables for name in table.model_fields})
    near = difflib.get_close_matches(key.rpartition(".")[2].lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else "remove it"
