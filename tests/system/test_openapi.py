"""The OpenAPI document, run against the service by schemathesis."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .acme import ADA
from .service import ROOT, Service

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.mark.parametrize("user", [ADA, ()], ids=["signed in", "signed out"])
def test_the_service_answers_as_its_document_says(
    shipped: Service, user: tuple[str, ...], tmp_path: Path
) -> None:
    headers = [word for field in user for word in ("--header", field)]
    command = [
        *(str(SCHEMATHESIS), "run", str(ROOT / "docs" / "openapi.yaml")),
        *("--url", f"http://{shipped.bind}", *headers),
        *("--max-redirects", "0", "--max-examples", "30", "--generation-deterministic"),
        *("--no-color", "--warnings", "off", "--suppress-health-check", "all"),
    ]

    ended = subprocess.run(  # noqa: S603 - of our own environment
        command, cwd=tmp_path, env={"PATH": os.defpath}, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
