"""Who may open a vendor's page: the groups that a user must have one of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from app.errors import AccessDenied

if TYPE_CHECKING:
    from app.identity import Identity

_MOST_NAMES: Final = 8
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Access:
    """Lists of groups, each with the variable or key that sets it; a user has one of every list."""

    lists: tuple[tuple[str, frozenset[str]], ...] = ()

    def also(self, setting: str, groups: Iterable[str]) -> Access:
        """Return the same with one more list; an empty one allows everybody."""
        wanted = frozenset(groups)
        return replace(self, lists=(*self.lists, (setting, wanted))) if wanted else self

    def check(self, identity: Identity) -> None:
        """Refuse a user who lacks a group.

        Raises:
            AccessDenied: with the groups that were found and wanted, and the setting that decides.
        """
        for setting, wanted in self.lists:
            if wanted.isdisjoint(identity.groups):
                found = _names(identity.groups) or "no group"
                raise AccessDenied(f"{found}, but none of {_names(wanted)} ({setting})")


EVERYBODY: Final = Access()
"""No list, so that everybody may."""


def _names(groups: Iterable[str]) -> str:
    """Return the names of a few groups, printable and on one line."""
    names = sorted(groups)
    shown = [ascii(name[:_LONGEST_NAME])[1:-1] for name in names[:_MOST_NAMES]]
    return ", ".join([*shown, *["…"][: len(names) > _MOST_NAMES]])
