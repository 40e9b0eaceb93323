"""From variables to destinations."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from app.destinations import apifuse, pandium, row_destinations
from app.destinations.apifuse import ApifuseVariables
from app.destinations.pandium_variables import PandiumVariables
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
            destinations += make(reading(model, prefix=prefix), shared)
    if file is not None:
        destinations += _of_rows(reading, file, shared)
    reading.note(_path_conflicts(destinations))
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
            destinations += row_destinations.destinations(row, keys, shared)
    return destinations


def _path_conflicts(destinations: Iterable[Destination]) -> Iterable[Problem]:
    """Find paths that two destinations would answer, whatever their ids are called."""
    owners: dict[str, list[str]] = defaultdict(list)
    for each in destinations:
        for path in (each.route, f"{each.route}/session"):
            owners[re.sub(r"\{[a-z_]+\}", "{}", path)].append(each.name)
    for name, root in dict.fromkeys((each.name, each.root) for each in destinations):
        owners[f"{root}/embed.js"].append(name)
    problems: dict[str, Problem] = {}
    for path, names in owners.items():
        if len(names) > 1:
            prefix = f"{names[-1].upper()}_"
            variable = f"{prefix}PATH" if prefix in VENDORS else f"[{names[-1]}] path"
            wrong = f"is not unique: {path} belongs to {' and '.join(names)}"
            problems.setdefault(variable, Problem(variable, wrong))
    return problems.values()
