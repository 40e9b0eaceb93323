"""The table of docs/embedding.md, which `python -m tests.browser.matrix` writes."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final

from .cases import CASES, Case, Visit, Way
from .engines import ENGINES, Engine
from .neighbours import Neighbours, serving_neighbours

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "embedding.md"
_TABLE: Final = re.compile(r"(?<=<!-- matrix -->\n).*?(?=<!-- end of matrix -->)", re.DOTALL)


def outcome(around: Neighbours, engine: Engine, case: Case, way: Way, folder: Path) -> str:
    """Return what a user sees."""
    around.begin()
    with engine.running(folder, case.cookies) as tab:
        return case.happens(Visit(tab, around, around.far_host if case.far else around.host), way)


def rows() -> list[tuple[Case, Way]]:
    """Return the rows of the table."""
    return [(case, way) for case in CASES for way in case.ways]


def documented() -> dict[tuple[str, str], dict[str, str]]:
    """Return what the document says, by case and way, and by engine."""
    found = _TABLE.search(DOCUMENT.read_text(encoding="utf-8"))
    lines = [line.strip("| \n").split(" | ") for line in found[0].splitlines()] if found else []
    _, _, *cells = lines[0] if lines else ("", "")
    return {(name, way): dict(zip(cells, seen, strict=True)) for name, way, *seen in lines[2:]}


def table(seen: dict[tuple[str, str], dict[str, str]]) -> str:
    """Return the table as Markdown."""
    lines = [["case", "way", *ENGINES], ["---"] * (2 + len(ENGINES))]
    lines += [[*row, *(cells[name] for name in ENGINES)] for row, cells in seen.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Try everything, and write the table."""
    seen: dict[tuple[str, str], dict[str, str]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_neighbours(Path(folder)) as around,
    ):
        for case, way in rows():
            for engine in ENGINES.values():
                profile = Path(tempfile.mkdtemp(dir=folder))
                cells = seen.setdefault((case.name, way), {})
                cells[engine.name] = outcome(around, engine, case, way, profile)
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(_TABLE.sub(table(seen), text), encoding="utf-8")


if __name__ == "__main__":
    main()
