"""Paths of ours that two destinations would answer, or that cannot stand beside each other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from app.settings.problems import Problem

if TYPE_CHECKING:
    from app.destinations.destination import Destination

_ID = re.compile(r"\{[a-z_]+\}")


def path_conflicts(
    destinations: Iterable[Destination], vendors: Container[str]
) -> Iterable[Problem]:
    """Find conflicts; `vendors` are the prefixes of vendors with variables of their own."""
    each = tuple(destinations)
    problems: dict[str, Problem] = {}
    for name, wrong in (*_shared_paths(each), *_differing_ids(each)):
        prefix = f"{name.upper()}_"
        variable = f"{prefix}PATH" if prefix in vendors else f"[{name}] path"
        problems.setdefault(variable, Problem(variable, wrong))
    return problems.values()


def _shared_paths(destinations: Iterable[Destination]) -> Iterable[tuple[str, str]]:
    """Find paths that two destinations would answer, whatever their ids are called."""
    owners: dict[str, list[str]] = defaultdict(list)
    for each in destinations:
        for path in (each.route, f"{each.route}/session"):
            owners[_ID.sub("{}", path)].append(each.name)
    for name, root in dict.fromkeys((each.name, each.root) for each in destinations):
        for file in ("embed.js", "jwks.json"):
            owners[f"{root}/{file}"].append(name)
    for path, names in owners.items():
        if len(names) > 1:
            yield names[-1], f"is not unique: {path} belongs to {' and '.join(names)}"


def _differing_ids(destinations: Iterable[Destination]) -> Iterable[tuple[str, str]]:
    """Find ids at one place of a path with two names: a router keeps one name for each place."""
    names: dict[str, str] = {}
    for each in destinations:
        place = ""
        for segment in each.route.split("/"):
            place = f"{place}/{_ID.sub('{}', segment)}"
            if names.setdefault(place, segment) != segment and _ID.fullmatch(segment):
                wrong = f"calls an id {segment} where another page calls it {names[place]}"
                yield each.name, f"{wrong}; use one name for both"
