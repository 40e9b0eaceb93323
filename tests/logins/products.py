"""The products that tests start: where each one is, or why it is not there.

Only the standard library: `python3 -m tests.logins.build` runs before anything is installed.
"""

from __future__ import annotations

import importlib.util
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = Path(__file__).with_name("products.toml")
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "marketplace-sso"


@dataclass(frozen=True)
class Product:
    """A row of products.toml; `program` and `seconds` are explained there."""

    name: str
    kind: str
    package: str
    version: str
    program: str
    seconds: int = 300
    setup: tuple[str, ...] = ()
    source: str = ""
    edit: tuple[str, ...] = ()
    tags: str = ""
    sha256: str = ""

    @property
    def folder(self) -> Path:
        """Where it is built."""
        return CACHE / f"{self.name}-{self.version}"

    @property
    def note(self) -> Path:
        """A file with the reason, if it could not be built."""
        return CACHE / f"{self.name}-{self.version}.txt"

    @property
    def path(self) -> Path:
        """What is started."""
        return self.folder / self.program

    def command(self, folder: Path | None = None) -> list[str]:
        """Return the first words of its command; a script's are its shell's, too."""
        program = (folder or self.folder) / self.program
        return [*(["/bin/sh"] if program.suffix == ".sh" else []), str(program)]

    @property
    def missing(self) -> str | None:
        """Return why it is not there, and what to do; `None` if it is."""
        if self.kind == "python" and importlib.util.find_spec(self.package):
            return None
        if self.kind == "python":
            return f"{self.name} is not installed: make test"
        if self.path.exists():
            return None
        if self.kind == "debian":
            return f"{self.name} is not installed (Debian: {self.package})"
        reason = f" ({self.why_not})" if self.why_not else ""
        return f"{self.name} is not built{reason}: run python3 -m tests.logins.build {self.name}"

    @property
    def why_not(self) -> str | None:
        """Return why it could not be built; `None` if nobody tried, or it is there."""
        if self.path.exists() or not self.note.exists():
            return None
        return self.note.read_text(encoding="utf-8").strip()


def _read(group: str) -> dict[str, Product]:
    rows: dict[str, dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))[group]
    return {name: Product(name, **row) for name, row in rows.items()}


LOGINS: Final = _read("logins")
PRODUCTS: Final = LOGINS | _read("tools")
