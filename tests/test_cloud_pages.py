"""The pages on clouds: their variables are configurations, and all of them are listed."""

import re
from pathlib import Path

import pytest

from tests.in_process import Load
from tests.samples import PANDIUM

FOLDER = Path(__file__).parent.parent / "docs" / "cloud"
PAGES = sorted(set(FOLDER.glob("*.md")) - {FOLDER / "README.md"})


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_variables_of_a_page_are_a_configuration(load: Load, path: Path) -> None:
    (block,) = re.findall(r"```ini\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    variables = dict(line.split("=", 1) for line in block.splitlines())
    secret = {"PANDIUM_SHARED_SECRET": PANDIUM["PANDIUM_SHARED_SECRET"]}

    config = load(variables, secret)

    assert [each.route for each in config.destinations] == ["/pandium-sso"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_listed_and_says_what_was_not_tried(path: Path) -> None:
    assert f"]({path.name})" in (FOLDER / "README.md").read_text("utf-8")
    assert "Not tried" in path.read_text("utf-8")
