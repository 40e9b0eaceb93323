"""The reference: an example of each variable, which is taken, and the page that explains it."""

import json
import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from app.cli.reference import variables_as_json
from app.cli.reference_examples import EXAMPLES, PAGE_OF, PAGES
from app.cli.reference_groups import GROUPS
from app.settings.problems import problems_of_group
from app.settings.variables import Variables, group_of, variable_names
from app.testing import IssuerKey

DOCS = Path(__file__).parents[2] / "docs"
TOLD = json.loads(variables_as_json())
FIELDS = [
    (prefix, model, name, field)
    for groups in GROUPS.values()
    for prefix, model in groups
    for name, field in zip(variable_names(model, prefix), model.model_fields.values(), strict=True)
]


def test_every_variable_shows_how_it_is_written_but_for_secrets() -> None:
    secrets = {name for _, _, name, field in FIELDS if SecretStr in _kinds(field)}
    shown = {each["variable"] for each in TOLD if each["example"] or each["default"]}

    assert {each["variable"] for each in TOLD} - shown == secrets
    assert EXAMPLES.keys() <= {each["variable"] for each in TOLD}
    assert not secrets & EXAMPLES.keys()


def _kinds(field: FieldInfo) -> set[object]:
    return {field.annotation, *getattr(field.annotation, "__args__", ())}


@pytest.mark.parametrize(
    ("prefix", "model", "name"),
    [(prefix, model, name) for prefix, model, name, _ in FIELDS if name in EXAMPLES],
)
def test_every_example_is_taken(
    tmp_path: Path, prefix: str, model: type[Variables], name: str
) -> None:
    example = EXAMPLES[name]
    if name.endswith(("JWKS_FILE", "PUBLIC_KEY_FILE")):
        key = IssuerKey("RS256")
        file = tmp_path / Path(example).name
        file.write_bytes(
            json.dumps({"keys": [key.jwk()]}).encode() if "JWKS" in name else key.pem()
        )
        example = str(file)
    needed = {f"{prefix}PROXY_SECRET": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}

    assert name not in _wrong(prefix, model, {**needed, name: example})


def _wrong(prefix: str, model: type[Variables], texts: dict[str, str]) -> set[str]:
    """Return the variables that are wrong; what is missing besides is one, too."""
    try:
        group_of(model, prefix, texts, {})
    except ValidationError as error:
        return {each.variable for each in problems_of_group(error, prefix)}
    return set()


def test_every_variable_has_a_page() -> None:
    for each in TOLD:
        assert (DOCS.parent / each["page"].partition("#")[0]).is_file()
    assert {each["section"] for each in TOLD} == {"The service", *PAGES}


@pytest.mark.parametrize(("name", "page"), PAGE_OF.items())
def test_the_page_of_a_variable_says_something_about_it(name: str, page: str) -> None:
    text = (DOCS / page.partition("#")[0]).read_text(encoding="utf-8")

    assert re.search(rf"\b{name}\b", text)


def test_every_variable_of_the_service_has_a_page_of_its_own() -> None:
    service = {each["variable"] for each in TOLD if each["section"] == "The service"}

    assert service == PAGE_OF.keys()
