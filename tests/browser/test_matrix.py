"""Every case in every engine, against the table of docs/embedding.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from .cases import Case, Way
from .engines import Engine
from .matrix import documented, outcome, rows
from .neighbours import Neighbours


@pytest.mark.requirement("R56", "R71")
@pytest.mark.parametrize(
    ("case", "way"), rows(), ids=lambda each: each.name if isinstance(each, Case) else each
)
def test_users_see_what_the_table_says(
    around: Neighbours, engine: Engine, case: Case, way: Way, tmp_path: Path
) -> None:
    seen = outcome(around, engine, case, way, tmp_path)

    assert case.wanted in {None, seen}
    assert documented()[case.name, way][engine.name] == seen
