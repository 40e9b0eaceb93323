"""The unit of systemd, offline: as systemd reads it, and how little it may do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "config" / "systemd" / "marketplace-sso.service"
MOST_EXPOSURE = "20"  # of 100; a unit without any confinement has 96

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyse(*arguments: str) -> str:
    command = ["systemd-analyze", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - in PATH
    said = ended.stdout + ended.stderr
    assert ended.returncode == 0, said
    return said


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    # It also looks for the command, which is not installed here.
    here = UNIT.read_text("utf-8").replace(
        "/opt/marketplace-sso/bin/marketplace-sso", sys.executable
    )
    (tmp_path / UNIT.name).write_text(here)

    said = analyse("verify", "--man=no", str(tmp_path / UNIT.name))

    assert UNIT.name not in said


@needs_systemd
@pytest.mark.requirement("R53")
def test_the_unit_may_do_little() -> None:
    analyse("security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(UNIT))


@pytest.mark.requirement("R53")
def test_secrets_come_as_credentials_and_the_server_tells_when_it_is_ready() -> None:
    lines = UNIT.read_text("utf-8").splitlines()

    assert "Environment=SECRETS_DIR=%d" in lines
    assert "LoadCredential=PANDIUM_SHARED_SECRET" in lines
    assert {"Type=notify", "DynamicUser=true", "ProtectSystem=strict"} <= set(lines)
    assert "RestartPreventExitStatus=2" in lines
