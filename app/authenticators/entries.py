"""The entries of `SSO_AUTHENTICATORS`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.authenticators.presets import BUILT_IN

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `SSO_AUTHENTICATORS`: `name=target`, or just `target`."""

    name: str
    target: str

    @property
    def prefix(self) -> str:
        """The prefix of its variables."""
        return f"AUTH_{self.name.upper().replace('-', '_')}_"


def parse_entries(entries: Sequence[str]) -> list[Entry]:
    """Read the entries of `SSO_AUTHENTICATORS`.

    Raises:
        ValueError: no entry, a repeated or an invalid name, or a built-in name for something
            else.
    """
    parsed = [_parse_one(entry) for entry in entries]
    names = [entry.name for entry in parsed]
    if not parsed:
        raise ValueError(f"is required; built in are {', '.join(BUILT_IN)}")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"contains {name!r} twice; rename one: other={name}")
    return parsed


def _parse_one(text: str) -> Entry:
    name, equals, target = map(str.strip, text.partition("="))
    if not equals:
        target = name
        name = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")
    if not _NAME.fullmatch(name):
        raise ValueError(f"has the name {name!r}; use small letters, digits and hyphens")
    if name in BUILT_IN and target != name and not equals:
        raise ValueError(f"contains {target!r}, which is not known; did you mean {name!r}?")
    if name in BUILT_IN and target != name:
        raise ValueError(f"gives {target!r} the name of the built-in {name!r}; choose another")
    return Entry(name, target)
