"""A preset: a known login, as a row of defaults for an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from app.authenticators.preset_variables import Derived

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.authenticators.contract import Reader
    from app.settings.variables import Variables


@dataclass(frozen=True, slots=True)
class Preset:
    """An engine's module in this package, defaults for its variables, and a condition to check."""

    engine: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    condition: type[Variables] | None = None
    derived: type[Derived] = Derived

    def read_defaults(self, reader: Reader, prefix: str) -> Mapping[str, Any]:
        """Return the defaults, with those that follow from the preset's own variables.

        Raises:
            InvalidSettings: the condition does not hold, or a variable is wrong.
        """
        if self.condition is not None:
            reader(self.condition, prefix="", defaults={})
        return {**self.defaults, **reader(self.derived, prefix=prefix, defaults={}).defaults()}
