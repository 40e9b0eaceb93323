"""From variables to destinations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from app.destinations import apifuse, pandium, row_destinations
from app.destinations.apifuse import ApifuseVariables
from app.destinations.claim_maps import SharedVariables, compiled, unknown_maps
from app.destinations.pandium_variables import PandiumVariables
from app.destinations.paths import path_conflicts
from app.destinations.rehearsal import AddressTooLong, CannotBeMinted, rehearse
from app.destinations.row_file import checked_row, read_tables
from app.destinations.row_keys import KeyVariables, key_prefix
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


_UNKNOWN_MAP: Final = "uses {{map.{}}}, which SSO_CLAIM_MAPS does not have; add it there"


def load_destinations(reading: Reading, shared: Shared) -> list[Destination]:
    """Make every destination that is set up; their problems are noted in `reading`."""
    file = reading.or_defaults(RowsVariables, prefix="SSO_").destinations_file
    used = [prefix for prefix in VENDORS if any(name.startswith(prefix) for name in reading.names)]
    for prefix, (model, _) in VENDORS.items():
        reading.declare(model, prefix=prefix)
    if not used and file is None:
        wrong = "is required, or APIFUSE_API_SECRET or SSO_DESTINATIONS_FILE: no vendor is set up"
        reading.note([Problem("PANDIUM_SHARED_SECRET", wrong)])
    common = reading.or_defaults(SharedVariables, prefix="SSO_")
    access = shared.access.also("SSO_ALLOWED_GROUPS", common.allowed_groups)
    shared = replace(shared, access=access, maps=compiled(common.claim_maps))
    destinations: list[Destination] = []
    for prefix in used:
        model, make = VENDORS[prefix]
        with reading.collecting(f"{prefix}…"):
            variables = reading(model, prefix=prefix)
            reading.note(_unknown_maps(prefix, variables, shared))
            made = make(variables, shared)
            destinations += made
            # The limit is not the claims' fault: an address beyond it is told at sign-on.
            reading.note(_unmintable(f"{prefix}CLAIMS", made, AddressTooLong))
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
            for unknown in unknown_maps(table, shared.maps):
                reading.note([Problem(f"{file.name} [{name}]", _UNKNOWN_MAP.format(unknown))])
            keys = reading(KeyVariables, prefix=prefix)
            made = row_destinations.destinations(row, keys, shared)
            destinations += made
            reading.note(_unmintable(f"{file.name} [{name}]", made))
    return destinations


def _unknown_maps(prefix: str, variables: Variables, shared: Shared) -> Iterable[Problem]:
    for name in type(variables).model_fields:
        for unknown in unknown_maps(getattr(variables, name), shared.maps):
            yield Problem(f"{prefix}{name.upper()}", _UNKNOWN_MAP.format(unknown))


def _unmintable(
    what: str, destinations: Iterable[Destination], *forgiven: type[CannotBeMinted]
) -> Iterable[Problem]:
    for each in destinations:
        try:
            rehearse(each)
        except forgiven:
            continue
        except CannotBeMinted as error:
            yield Problem(what, f"(page {each.page}) {error}")
