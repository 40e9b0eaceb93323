"""All variables, read in one place: the only one that looks at the environment.

All of it is in the environment, or in files of the same name in `SECRETS_DIR`. A wrong
configuration is refused with every problem at once, each with the variable that it is about and
never with a secret's value.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from app.authenticators import loading
from app.destinations import apifuse, custom, pandium
from app.settings.addresses import is_loopback
from app.settings.reading import InvalidSettings, Problem, Reading, refuse_undecodable
from app.settings.service import (
    ListeningVariables,
    ProcessVariables,
    RowsVariables,
    ServiceVariables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from app.authenticators.contract import Authenticator
    from app.destinations.destination import Destination
    from app.settings.variables import Variables

PREFIXES: Final = ("SSO_", "AUTH_", "PANDIUM_", "APIFUSE_", "DESTINATION_")
"""Everything that begins so is ours: a variable that nothing reads is a mistake."""

EXAMPLE_SECRET: Final = "an-example-secret-that-is-for-trying-out-only"
"""What `config/example.env` signs with. Anyone can know it, so it works on loopback only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration that holds."""

    service: ServiceVariables
    process: ProcessVariables
    authenticators: Mapping[str, Authenticator]
    destinations: tuple[Destination, ...]
    secrets: tuple[str, ...]


VENDORS: Final[Mapping[str, tuple[type[Variables], Callable[[Any], list[Destination]]]]] = {
    "PANDIUM_": (pandium.PandiumVariables, pandium.destinations),
    "APIFUSE_": (apifuse.ApifuseVariables, apifuse.destinations),
}
"""Vendors with variables of their own, by how these begin."""


def load() -> Settings:
    """Read the environment.

    Raises:
        InvalidSettings: with every problem that there is.
    """
    refuse_undecodable(os.environ, (*PREFIXES, "SECRETS_DIR", "WEB_CONCURRENCY"))
    process = ProcessVariables.model_construct()
    early = Reading(())
    with early.collecting():
        process = early(ProcessVariables, prefix="", defaults={})
    reading = Reading(os.environ, process.secrets_dir, process.env_file)
    reading.problems += early.problems
    authenticators = _authenticators(reading)
    destinations = _destinations(reading)
    with reading.collecting():
        service = reading(ServiceVariables, prefix="SSO_", defaults={})
        _refuse_example_secret(reading, service)
    reading.problems += reading.overall_problems(PREFIXES)
    if reading.problems:
        raise InvalidSettings(reading.problems)
    return Settings(
        service,
        process,
        authenticators,
        tuple(
            replace(
                destination,
                clock_skew_seconds=service.clock_skew_seconds,
                max_location_bytes=service.max_location_bytes,
            )
            for destination in destinations
        ),
        tuple(reading.secrets.values()),
    )


def _authenticators(reading: Reading) -> dict[str, Authenticator]:
    authenticators: dict[str, Authenticator] = {}
    reading.excused.add("AUTH_")
    with reading.collecting():
        listening = reading(ListeningVariables, prefix="SSO_", defaults={})
        reading.excused.clear()
        for named in loading.parse(listening.authenticators):
            with reading.collecting():
                unix = listening.unix_peers_only
                authenticators[named.name] = _authenticator(reading, named, unix_peers_only=unix)
    return authenticators


def _authenticator(
    reading: Reading, named: loading.Named, *, unix_peers_only: bool
) -> Authenticator:
    try:
        defaults = loading.preset_defaults(named, reader=reading)
    except InvalidSettings:
        reading.knows(loading.engine_variables(named), named.prefix)  # not read, but not unknown
        raise
    try:
        return loading.build(
            named, reader=reading, defaults=defaults, unix_peers_only=unix_peers_only
        )
    except ValueError as error:
        reading.excused.add("AUTH_")
        raise InvalidSettings([Problem("SSO_AUTHENTICATORS", str(error))]) from error


def _destinations(reading: Reading) -> list[Destination]:
    destinations: list[Destination] = []
    switched_on = False
    for prefix, (model, make) in VENDORS.items():
        reading.knows(model, prefix)
        if reading.anything_begins_with(prefix):
            switched_on = True
            with reading.collecting():
                destinations += make(reading(model, prefix=prefix, defaults={}))
    reading.excused.add("DESTINATION_")
    with reading.collecting():
        rows = reading(RowsVariables, prefix="SSO_", defaults={})
        if rows.destinations_file is not None:
            switched_on = True
            for vendor in custom.read_rows(rows.destinations_file).values():
                prefix = custom.key_prefix(vendor.name)
                with reading.collecting():
                    keys = reading(custom.KeyVariables, prefix=prefix, defaults={})
                    destinations += custom.destinations(vendor, keys)
        reading.excused.discard("DESTINATION_")
    if not switched_on:
        wrong = "is required (or APIFUSE_API_SECRET, or SSO_DESTINATIONS_FILE): there is no vendor"
        reading.problems.append(Problem("PANDIUM_SHARED_SECRET", wrong))
    reading.problems += _taken_twice(destinations)
    return destinations


def _taken_twice(destinations: list[Destination]) -> Iterable[Problem]:
    takers: dict[str, list[str]] = {}
    for each in destinations:
        for path in (each.route, f"{each.route}/session"):
            takers.setdefault(re.sub(r"\{[a-z_]+\}", "{}", path), []).append(each.name)
    for name, root in dict.fromkeys((each.name, each.root) for each in destinations):
        takers.setdefault(f"{root}/embed.js", []).append(name)
    problems: dict[str, Problem] = {}
    for path, names in takers.items():
        if len(names) > 1:
            prefix = f"{names[-1].upper()}_"
            key = f"{prefix}PATH" if prefix in VENDORS else f"[{names[-1]}] path"
            wrong = f"is taken: {path} is of {' and of '.join(names)}"
            problems.setdefault(key, Problem(key, wrong))
    return problems.values()


def _refuse_example_secret(reading: Reading, service: ServiceVariables) -> None:
    loopback = service.unix_peers_only or is_loopback(service.bind.rpartition(":")[0].strip("[]"))
    for name, secret in reading.secrets.items():
        if secret == EXAMPLE_SECRET and not loopback:
            reading.problems.append(Problem(name, "is the example's; take one of your own"))
