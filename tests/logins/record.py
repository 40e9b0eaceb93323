"""What was seen of each login: the tables of docs/logins/tested.md.

A test says which login it starts and what it shows of it:

    @pytest.mark.login("oauth2-proxy behind nginx")
    @pytest.mark.shows("sign-in", "307")

`python -m tests.logins.record [path …]` runs the tests and writes what passed. A row stays as it is
where nothing of it ran.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Generator, Iterable
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

from .products import LOGINS, Product

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "logins" / "tested.md"
THINGS: Final = (
    *("sign-in", "307", "forged refused", "groups", "non-ASCII names", "sign-out", "session end"),
    "bearer",
)
KINDS: Final = {
    "go": "Go module",
    "npm": "npm",
    "maven": "Maven",
    "debian": "Debian",
    "python": "PyPI",
    "wheel": "PyPI",
}
HELD, FAILED, NOTHING = "held", "**failed**", "-"
Cells = dict[str, dict[str, str]]


def shown(item: pytest.Item) -> list[tuple[str, str]]:
    """Return the login and the things that a test shows."""
    login = item.get_closest_marker("login")
    marks = [*item.iter_markers("shows")] if login else []
    things = [thing for mark in marks for thing in mark.args]
    if unknown := set(things) - set(THINGS):
        raise AssertionError(f"{item.nodeid} shows what no table has: {', '.join(unknown)}")
    return [(str(login.args[0]), thing) for thing in things] if login else []


class Record:
    """Listens to pytest: a thing is held if every test that shows it passed."""

    def __init__(self) -> None:
        self.cells: Cells = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        for login, thing in shown(item) if report.failed or report.when == "call" else []:
            row = self.cells.setdefault(login, {})
            row[thing] = FAILED if report.failed else row.get(thing, HELD)
        return report


def _table(name: str, text: str) -> list[list[str]]:
    """Return the rows of a table of the document, without its head."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end of {name} -->", text, re.DOTALL)
    lines = found[1].splitlines()[2:] if found else []
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def documented() -> Cells:
    """Return what the document says was seen."""
    rows = _table("logins", DOCUMENT.read_text(encoding="utf-8"))
    return {login: dict(zip(THINGS, cells, strict=True)) for login, *cells in rows}


def documented_products() -> list[tuple[str, str]]:
    """Return the products of the document, with their versions."""
    rows = _table("products", DOCUMENT.read_text(encoding="utf-8"))
    return [(name, version) for name, version, *_ in rows]


def _written(name: str, head: Iterable[str], rows: Iterable[Iterable[str]], text: str) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *(list(row) for row in rows)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    pattern = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)
    return pattern.sub(lambda _: table, text)


def _installed(product: Product) -> str:
    """Return whether it is there, in this version, or why not."""
    if product.missing:
        return f"no: {product.why_not or 'not tried'}"
    if product.kind == "python":
        assert metadata.version(product.package) == product.version, product
    if product.kind == "debian":
        command = ["dpkg-query", "-W", "-f", "${Version}", product.package]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - Debian's
        if not version.startswith(product.version):
            raise SystemExit(f"products.toml says {product.name} {product.version}: is {version}")
    return "yes"


def write(cells: Cells) -> None:
    """Write both tables; the rows of other logins stay."""
    text = DOCUMENT.read_text(encoding="utf-8")
    seen = documented() | cells
    rows = [
        [login, *(seen[login].get(thing, NOTHING) for thing in THINGS)] for login in sorted(seen)
    ]
    products = [
        [each.name, each.version, KINDS[each.kind], _installed(each)] for each in LOGINS.values()
    ]
    text = _written("products", ("product", "version", "from", "had"), products, text)
    DOCUMENT.write_text(_written("logins", ("login", *THINGS), rows, text), encoding="utf-8")


def main() -> int:
    """Run the tests of the logins, and write the tables."""
    record = Record()
    paths = sys.argv[1:] or [str(Path(__file__).parent)]
    status = pytest.main([*paths, "-m", "login", "-q"], plugins=[record])
    write(record.cells)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
