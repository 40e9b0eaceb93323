"""Fixtures of the destinations' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.destinations.sample_rows import Rows


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    def written(text: str) -> dict[str, str]:
        path = tmp_path / "rows.toml"
        path.write_text(text, encoding="utf-8")
        return {"SSO_DESTINATIONS_FILE": str(path)}

    return written
