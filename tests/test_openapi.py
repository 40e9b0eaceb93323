"""docs/openapi.yaml, held against the routes and the errors of the application."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from falcon.inspect import inspect_routes

from app import __version__
from app.main import STATUS, create_app
from app.resources.texts import TEXTS
from tests.in_process import Load
from tests.samples import APIFUSE, PANDIUM, PROXY

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent.parent / "docs" / "openapi.yaml").read_text(encoding="utf-8")
)
INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'


def resolved(reference: str) -> Any:
    node: Any = DOCUMENT
    for key in reference.removeprefix("#/").split("/"):
        node = node[key]
    return node


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from [value] if key == "$ref" else references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_has_every_route_and_no_other(load: Load) -> None:
    app = create_app(load(PROXY, PANDIUM, APIFUSE, PANDIUM_INTEGRATIONS=INTEGRATIONS))

    routes = {
        route.path: {method.method.lower() for method in route.methods if not method.internal}
        for route in inspect_routes(app)
    }

    assert {path: set(item) for path, item in DOCUMENT["paths"].items()} == routes


def test_the_document_has_every_error_code_and_no_other() -> None:
    codes = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]

    assert codes == sorted(TEXTS)


def test_a_sign_on_may_be_answered_by_every_error() -> None:
    statuses = {str(status) for status in STATUS.values()}

    for path in ("/pandium-sso", "/apifuse-sso"):
        assert statuses <= DOCUMENT["paths"][path]["get"]["responses"].keys()


def test_the_ids_of_a_path_are_its_parameters() -> None:
    for path, item in DOCUMENT["paths"].items():
        parameters = [resolved(each["$ref"]) for each in item["get"].get("parameters", [])]
        ids = {each["name"] for each in parameters if each["in"] == "path"}

        assert ids == set(re.findall(r"\{(\w+)\}", path))


def test_every_component_is_used_and_every_reference_is_there() -> None:
    components = {
        f"#/components/{kind}/{name}"
        for kind, named in DOCUMENT["components"].items()
        for name in named
    }

    assert set(references(DOCUMENT)) == components


def test_the_document_is_of_this_version() -> None:
    assert DOCUMENT["info"]["version"] == __version__
