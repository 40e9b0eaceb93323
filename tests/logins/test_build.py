"""The builder of products, with a package manager that refuses, hangs or brings nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.service import ROOT

from .products import LOGINS

PRODUCT = LOGINS["oidc-provider"]
REFUSES = "echo npm error 403 https://registry.acme.example/x is not available >&2; exit 1"


def built(folder: Path, npm: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the builder as `.ci/run` does, before anything is installed."""
    (folder / "bin").mkdir()
    (folder / "bin" / "npm").write_text(f"#!/bin/sh\n{npm}\n")
    (folder / "bin" / "npm").chmod(0o755)
    environment = {"PATH": f"{folder}/bin:{os.defpath}", "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-S", "-m", "tests.logins.build", *arguments]
    return subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def note(folder: Path) -> str:
    path = folder / "cache/marketplace-sso" / PRODUCT.note.name
    return path.read_text().strip()


def left(folder: Path) -> set[str]:
    return {path.name for path in (folder / "cache/marketplace-sso").iterdir()}


def test_what_cannot_be_built_is_said_and_noted_without_addresses(tmp_path: Path) -> None:
    ended = built(tmp_path, REFUSES, "oidc-provider")

    reason = "npm error 403 … is not available"
    assert ended.returncode == 1
    assert ended.stdout.splitlines()[-1].endswith(f": cannot be built: {reason}")
    assert note(tmp_path) == reason
    assert left(tmp_path) == {PRODUCT.note.name}


@pytest.mark.parametrize(
    ("npm", "seconds", "reason"),
    [
        ("sleep 30 & sleep 30", "1", "the time was over"),
        ("exit 0", "30", f"what was built has no {PRODUCT.program}"),
        ("exit 3", "30", "exit 3"),
        ("exit 0", "0", "the time of all products was over"),
    ],
)
def test_each_failure_has_its_reason_in_bounded_time(
    tmp_path: Path, npm: str, seconds: str, reason: str
) -> None:
    began = time.monotonic()

    ended = built(tmp_path, npm, "--seconds", seconds, "oidc-provider")

    assert (ended.returncode, note(tmp_path)) == (1, reason)
    assert time.monotonic() - began < 20


def test_a_product_takes_its_place_when_it_is_whole(tmp_path: Path) -> None:
    program = Path(PRODUCT.program)
    brings = f"mkdir -p {program.parent} && touch {program}"

    ended = built(tmp_path, brings, "oidc-provider")

    assert ended.returncode == 0, ended.stdout
    assert left(tmp_path) == {PRODUCT.folder.name}
    assert (tmp_path / "cache/marketplace-sso" / PRODUCT.folder.name / program).exists()


def test_an_unknown_name_is_told_with_the_known_ones(tmp_path: Path) -> None:
    ended = built(tmp_path, "exit 0", "oauth3-proxy")

    assert ended.returncode == 2
    assert "unknown: oauth3-proxy; known: oauth2-proxy" in ended.stderr
