"""From variables to destinations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.destinations import apifuse, pandium, row_destinations
from app.destinations.apifuse import ApifuseVariables
from app.destinations.pandium_variables import PandiumVariables
from app.destinations.paths import path_conflicts
from app.destinations.rehearsal import CannotBeMinted, rehearse
from app.destinations.row_destinations import KeyVariables, key_prefix
from app.destinations.row_file import checked_row, read_tables
from app.settings.problems import InvalidSettings, Problem
from app.settings.service import RowsVariables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from app.destinations.destination import Destination, Shared
    from app.settings.reading import Reading
    from app.settings.variables import Variables

VENDORS: Final[Mapping[str, tuple[type[Variables], Callable[[Any, Shared], list[Destination]]]]] = {
    "PANDIUM_": (PandiumVariables, pandium.destinations),
    "APIFUSE_": (ApifuseVariables, apifuse.destinations),
}
"""Vendors with variables of their own, by prefix. A vendor is on if any of its variables is set."""


def load_destinations(reading: Reading, shared: Shared) -> list[Destination]:
    """Make every destination that is set up; their problems are noted in `reading`."""
    file = reading.or_defaults(RowsVariables, prefix="SSO_").destinations_file
    used = [prefix for prefix in VENDORS if any(name.startswith(prefix) for name in reading.names)]
    for prefix, (model, _) in VENDORS.items():
        reading.declare(model, prefix=prefix)
    if not used and file is None:
        wrong = "is required, or APIFUSE_API_SECRET or SSO_DESTINATIONS_FILE: no vendor is set up"
        reading.note([Problem("PANDIUM_SHARED_SECRET", wrong)])
    destinations: list[Destination] = []
    for prefix in used:
        model, make = VENDORS[prefix]
        with reading.collecting(f"{prefix}…"):
            made = make(reading(model, prefix=prefix), shared)
            destinations += made
            reading.note(_unmintable(f"{prefix}CLAIMS", made))
    if file is not None:
        destinations += _of_rows(reading, file, shared)
    reading.note(path_conflicts(destinations, VENDORS))
    return destinations


def _of_rows(reading: Reading, file: Path, shared: Shared) -> list[Destination]:
    try:
        tables = read_tables(file)
    except InvalidSettings as error:
        reading.note(error.problems)
        reading.declare_unknowable("DESTINATION_")
        return []
    destinations: list[Destination] = []
    for name, table in tables.items():
        prefix = key_prefix(name)
        reading.declare(KeyVariables, prefix=prefix)
        with reading.collecting(f"{file.name} [{name}]"):
            row = checked_row(file, name, table)
            keys = reading(KeyVariables, prefix=prefix)
            made = row_destinations.destinations(row, keys, shared)
            destinations += made
            reading.note(_unmintable(f"{file.name} [{name}]", made))
    return destinations


def _unmintable(what: str, destinations: Iterable[Destination]) -> Iterable[Problem]:
    for each in destinations:
        try:
            rehearse(each)
        except CannotBeMinted as error:
            yield Problem(what, f"(page {each.page}) {error}")
