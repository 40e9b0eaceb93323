"""The house rules that a machine can check."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APP = ROOT / "app"

FLOORS: list[set[str]] = [
    {
        "app",
        "draining",
        "identity",
        "json_writer",
        "errors",
        "trial",
        "addresses",
        "patterns",
        "secret_strength",
        "sink",
        "strict_json",
    },
    {"tokens"},
    {
        "claims",
        "variables",
        "asking",
        "header_values",
        "identity_cache",
        "host_client",
        "logs",
        "metrics",
        "page",
        "redirect",
    },
    {"public_keys", "credentials", "fetching", "authenticators.preset_variables"},
    {
        "server_log",
        "destination",
        "authenticator",
        "claim_names",
        "identity_headers",
        "environment",
        "verification",
        "keysets",
        "discovery",
    },
    {
        "vendor_variables",
        "authenticators.introspection_variables",
        "request",
        "authenticators.presets",
        "assertion",
        "key_documents",
    },
    {"authenticators.jwt_variables"},
    {"rows", "authenticators.introspection_answers"},
    {
        "authentication",
        "inspection",
        "online",
        "authenticators.loading",
        "authenticators.trusted_headers",
        "authenticators.introspection",
        "authenticators.jwt_assertion",
        "authenticators.aws_alb",
        "destinations.pandium",
        "destinations.apifuse",
        "destinations.custom",
        "resources.cors",
    },
    {
        "service_variables",
        "resources.answers",
        "resources.around",
        "resources.delivery",
        "resources.embed",
        "resources.health",
        "resources.lifespan",
        "resources.measurements",
        "resources.public_keys",
    },
    {
        "settings",
        "resources.session",
        "resources.sign_on",
        "testing.issuer_keys",
        "testing.requests",
    },
    {"testing.attacks", "testing.identity_provider"},
    {"testing.contract"},
    {"testing"},
    {"main", "openapi"},
    {"reference"},
    {"serving"},
    {"__main__"},
]
"""Each module imports from lower floors only."""

PACKAGES = {"authenticators", "destinations", "resources", "pages"}
MODULES = [path for path in APP.rglob("*.py") if "demo" not in path.relative_to(APP).parts]


def name_of(path: Path) -> str:
    parts = path.relative_to(APP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "app"


def floor_of(name: str) -> int:
    (floor,) = [number for number, names in enumerate(FLOORS) if name in names]
    return floor


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imported_of_ours(path: Path) -> set[str]:
    known = {name for floor in FLOORS for name in floor}
    found = set()
    for name in imported(path):
        if name == "app" or name.startswith("app."):
            local = name.removeprefix("app.")
            candidates = [local, local.rpartition(".")[0], "app"]
            found.add(next(each for each in candidates if each in known))
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_lower_floors_only(path: Path) -> None:
    name = name_of(path)
    if name in PACKAGES:
        assert imported(path) == set()
        return

    too_high = {other for other in imported_of_ours(path) if floor_of(other) >= floor_of(name)}

    assert too_high == set()


def test_one_room_knows_jwt() -> None:
    rooms = {
        name_of(path)
        for path in MODULES
        for name in imported(path)
        if name == "jwt" or name.startswith("jwt.")
    }

    assert rooms == {"tokens"}


def test_one_room_reads_the_environment() -> None:
    rooms = {name_of(path) for path in APP.rglob("*.py") if "environ" in words_of(path)}

    assert rooms == {"settings"}


def words_of(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    return {node.attr for node in tree if isinstance(node, ast.Attribute)} | {
        name.rpartition(".")[2] for name in imported(path)
    }


def test_the_service_loads_nothing_of_the_demo() -> None:
    at_the_top = {
        name_of(path)
        for path in MODULES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.demo")
    }

    assert at_the_top == set()


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


def test_every_exception_to_a_rule_has_its_reason() -> None:
    for folder in ("app", "config", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            for line in path.read_text().splitlines():
                for mark in ("# noqa" + ":", "# type" + ": ignore"):
                    if mark in line:
                        comment = line.split(mark, 1)[1]
                        assert " - " in comment or " # " in comment, f"{path}: {line}"
