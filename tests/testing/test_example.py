"""The documented authenticator of one's own: packaged, installed, named, used, and attacked."""

import ast
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.in_process import Load, MakeClient, problems, token_of, vendor_reads
from tests.samples import PANDIUM, PANDIUM_SECRET

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "authenticator"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
VARIABLES = {"SSO_AUTHENTICATORS": "acme-session", "AUTH_ACME_SESSION_SECRET": SECRET}
CLAIMS = '{"sub": "{subject}"}'


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as pip installs it; nothing is fetched for it."""
    folder = tmp_path_factory.mktemp("installed")
    alone = ("--no-index", "--no-deps", "--no-build-isolation", "--no-cache-dir", "--quiet")
    subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pip", "install", *alone, "--target", folder, EXAMPLE],
        check=True,
        timeout=100,
    )
    return folder


@pytest.fixture(autouse=True)
def on_the_path(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(installed)
    yield
    sys.modules.pop("acme_session", None)


@pytest.fixture
def example(installed: Path) -> dict[str, Any]:
    assert (installed / "acme_session.py").is_file()
    return runpy.run_path(str(EXAMPLE / "test_acme_session.py"))


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_the_public_face_of_the_service_and_nothing_else(path: Path) -> None:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    modules |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}

    ours = {module for module in modules if module.partition(".")[0] == "app"}

    assert ours
    assert ours <= {"app.authenticators", "app.testing"}


def test_its_own_test_passes(example: dict[str, Any]) -> None:
    example["test_it_keeps_the_contract_and_holds_against_attacks"]()


def test_it_signs_on_by_its_name(client: MakeClient, example: dict[str, Any]) -> None:
    service = client(PANDIUM, VARIABLES, PANDIUM_CLAIMS=CLAIMS)

    def status(end: int) -> Any:
        cookie = f"acme_session={example['session']('u-17', end)}"
        return service.simulate_get("/pandium-sso", headers={"Cookie": cookie})

    signed_on = status(4_000_000_000)
    assert signed_on.status_code == 307
    assert vendor_reads(token_of(signed_on.headers["Location"]), PANDIUM_SECRET)["sub"] == "u-17"
    assert status(1_000_000_000).status_code == 401
    assert service.simulate_get("/pandium-sso").json["code"] == "no_session"


def test_its_variables_are_checked_at_start(load: Load) -> None:
    found = problems(load, PANDIUM, VARIABLES, AUTH_ACME_SESSION_SECRET="short")

    assert "at least 32" in found["AUTH_ACME_SESSION_SECRET"]
