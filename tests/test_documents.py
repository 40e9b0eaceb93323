"""The documents, held against the code."""

import re
import shlex
from pathlib import Path

import pytest

from app import reference
from app.authenticators.presets import BUILT_IN
from app.environment import variable_names
from app.errors import SignOnError
from app.resources.answers import WORDS
from tests.conftest import Load

ROOT = Path(__file__).parent.parent
CONFIGURATION = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / "config" / "example.env"


def test_the_table_of_settings_is_what_the_command_prints() -> None:
    assert CONFIGURATION.read_text() == reference.configuration()


def test_the_example_is_what_the_command_prints() -> None:
    assert EXAMPLE.read_text() == reference.example_env()


def test_every_variable_stands_in_the_table_with_its_meaning() -> None:
    text = CONFIGURATION.read_text()

    for groups in reference.GROUPS.values():
        for prefix, model in groups:
            for name, field in zip(
                variable_names(model, prefix), model.model_fields.values(), strict=True
            ):
                assert field.description
                assert f"| `{name}` |" in text


def test_every_preset_stands_in_the_table() -> None:
    text = CONFIGURATION.read_text()

    for name in BUILT_IN:
        assert f"| `{name}` |" in text


def variables_of(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(shlex.split(line)[0].split("=", 1) for line in lines)


def test_the_example_is_a_configuration(load: Load) -> None:
    config = load(variables_of(EXAMPLE))

    assert [destination.name for destination in config.destinations] == ["pandium"]


def test_every_error_code_is_documented() -> None:
    text = (ROOT / "docs" / "errors.md").read_text()

    codes = {error.code for error in SignOnError.__subclasses__()} | set(WORDS)
    assert codes == set(re.findall(r"^\| `([a-z_]+)` \|", text, re.MULTILINE))


@pytest.mark.parametrize("path", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_every_link_leads_to_a_file(path: str) -> None:
    text = (ROOT / path).read_text()

    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert ((ROOT / path).parent / target).exists(), target
