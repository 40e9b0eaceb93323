"""The house rules that a machine can check."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"


def name_of(path: Path) -> str:
    parts = path.relative_to(APP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "app"


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


READS_THE_ENVIRONMENT = {"environ", "environb", "getenv", "getenvb"}


def test_only_the_settings_read_the_environment() -> None:
    readers = set()
    for path in APP.rglob("*.py"):
        tree = ast.parse(path.read_text())
        attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if READS_THE_ENVIRONMENT & (attributes | {name[3:] for name in imported(tree)}):
            readers.add(name_of(path).partition(".")[0])

    assert readers == {"settings"}


def test_the_service_loads_nothing_of_the_demo() -> None:
    program = "import sys, app.cli, app.server.serving; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    loaded = ran.stdout.split()

    assert "app.main" in loaded
    assert [name for name in loaded if name.startswith(("app.demo", "app.testing"))] == []


def test_nothing_subclasses_destination() -> None:
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                assert "Destination" not in {ast.unparse(base) for base in node.bases}


def test_coverage_measures_the_whole_application() -> None:
    coverage = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["coverage"]

    assert coverage["run"]["source"] == ["app"]
    assert coverage["run"]["branch"] is True
    assert "omit" not in coverage["run"]
    assert coverage["report"]["fail_under"] == 100


def test_every_dependency_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    begins = {"dependencies = [", "dev = [", "bench = ["}
    starts = [number for number, line in enumerate(lines) if line in begins]

    for start in starts:
        for line in lines[start + 1 : lines.index("]", start)]:
            assert "# " in line, line


def test_no_lock_file_names_a_package_index() -> None:
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert "index-url" not in text
        assert "find-links" not in text
        assert "://" not in text


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile"])
def test_what_is_locked_is_installed_without_asking_for_more(name: str) -> None:
    # Old resolvers meet `coverage[toml]>=7` behind a locked coverage, and choose the newest of it.
    lines = (ROOT / name).read_text().splitlines()
    installs = [line for line in lines if "--require-hashes" in line and "pip-audit" not in line]

    assert installs
    assert [line for line in installs if "--no-deps" not in line] == []


def test_tests_share_by_modules_of_their_own() -> None:
    for path in (ROOT / "tests").rglob("*.py"):
        names = imported(ast.parse(path.read_text(encoding="utf-8")))
        shared = {name for name in names if re.search(r"(^|\.)test_", name)}

        assert shared == set(), path


def test_every_exception_to_a_rule_has_its_reason() -> None:
    for folder in ("app", "config", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for line in path.read_text().splitlines():
                for mark in ("# noqa" + ":", "# type" + ": ignore"):  # in halves: this is none
                    if mark in line:
                        comment = line.split(mark, 1)[1]
                        assert " - " in comment or " # " in comment, f"{path}: {line}"
