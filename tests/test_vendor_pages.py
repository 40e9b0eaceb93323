"""The vendors' pages, held against the service: each block of variables is loaded."""

import json
import re
import secrets
import shlex
from pathlib import Path

import pytest

from app.destinations.apifuse import ApifuseVariables
from app.destinations.pandium import CLAIMS
from app.destinations.pandium_variables import INSTALL_PAGES, MARKETPLACES, PandiumVariables
from app.settings.variables import Variables, variable_names
from app.testing import IssuerKey
from tests.in_process import Load, MakeClient, vendor_reads
from tests.samples import ADA, APIFUSE, APIFUSE_SECRET, NOW, PANDIUM, PROXY

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {
    name: (DOCS / f"{name}.md").read_text(encoding="utf-8")
    for name in ("pandium", "apifuse", "appdirect")
}
BLOCKS = [
    (name, block)
    for name, text in PAGES.items()
    for block in re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
]
ROWS = [
    (name, *re.match(r"\| `(\w+)` \|.*\| (?:`(.*)`|[^`]*) \|$", line).groups())  # type: ignore[union-attr] # every line of a table of variables is such a row
    for name, text in PAGES.items()
    for line in text.splitlines()
    if re.match(r"\| `(PANDIUM|APIFUSE|AUTH|SSO)_\w+` \|", line)
]
"""The rows of the tables of variables: a page, a variable, and its example."""


def variables_of(block: str) -> dict[str, str]:
    filled = re.sub("replace-with-[a-z0-9-]+", lambda _: secrets.token_urlsafe(48), block)
    return dict(word.split("=", 1) for line in filled.splitlines() for word in shlex.split(line))


def first_of(page: str) -> dict[str, str]:
    """Return the page's first block, which is a configuration by itself with a login or vendor."""
    (first, *_) = [block for name, block in BLOCKS if name == page]
    return {**(PANDIUM if page == "appdirect" else PROXY), **variables_of(first)}


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_every_block_of_variables_is_a_configuration(load: Load, page: str, block: str) -> None:
    variables = {**first_of(page), **variables_of(block)}
    if "APIFUSE_CUSTOM_DOMAIN" in block:
        del variables["APIFUSE_SUBDOMAIN"]

    assert load(variables).destinations


@pytest.mark.parametrize(("page", "name", "example"), [row for row in ROWS if row[2]])
def test_every_example_of_a_variable_is_taken(
    load: Load, tmp_path: Path, page: str, name: str, example: str
) -> None:
    variables = {**first_of(page), name: example}
    if name == "APIFUSE_CUSTOM_DOMAIN":
        del variables["APIFUSE_SUBDOMAIN"]
    if page == "appdirect" and name.endswith("_FILE"):
        del variables["AUTH_APPDIRECT_JWKS_URL"]
        key = IssuerKey("RS256")
        file = tmp_path / Path(example).name
        jwks = json.dumps({"keys": [key.jwk()]}).encode()
        file.write_bytes(jwks if name.endswith("JWKS_FILE") else key.pem())
        variables[name] = str(file)
    if name == "PANDIUM_INSTALL_URL":
        variables["PANDIUM_INTEGRATIONS"] = (
            '{"7": {"connector_name": "a", "integration_name": "b"}}'
        )

    assert load(variables).destinations


@pytest.mark.parametrize(
    ("page", "model"), [("pandium", PandiumVariables), ("apifuse", ApifuseVariables)]
)
def test_every_variable_of_the_vendor_is_in_its_table(page: str, model: type[Variables]) -> None:
    documented = [name for each, name, _ in ROWS if each == page]

    assert sorted(documented) == sorted(variable_names(model, f"{page.upper()}_"))


def claims_on(page: str) -> object:
    (block,) = re.findall(r"```json\n(.*?)```", PAGES[page], re.DOTALL)
    return json.loads(block)


def test_pandiums_default_claims_are_those_on_the_page() -> None:
    assert claims_on("pandium") == CLAIMS


def test_apifuses_default_claims_are_those_on_the_page(client: MakeClient) -> None:
    named = {"AUTH_OAUTH2_PROXY_GIVEN_NAME_HEADER": "X-First"}
    named["AUTH_OAUTH2_PROXY_FAMILY_NAME_HEADER"] = "X-Last"
    headers = {**ADA, "X-First": "Ada", "X-Last": "Lovelace"}
    answer = client(PROXY, APIFUSE, named).simulate_get("/apifuse-sso", headers=headers)
    token = answer.headers["location"].partition("jwt=")[2].rstrip("#")

    given = {"{issued_at}": int(NOW) - 5, "{expires_at}": int(NOW) + 300, "{subject}": "u-17"}
    given |= {"{given_name}": "Ada", "{family_name}": "Lovelace", "{email}": "ada@acme.example"}
    written = json.dumps(claims_on("apifuse"))
    for placeholder, value in given.items():
        written = written.replace(json.dumps(placeholder), json.dumps(value))
    assert vendor_reads(token, APIFUSE_SECRET) == json.loads(written)


def test_pandiums_addresses_are_those_on_the_page() -> None:
    row = re.compile(r"^\| `(\w+)` \| `(https\S+)` \| `(https\S+)` \|$", re.MULTILINE)
    rows = row.findall(PAGES["pandium"])

    assert {name: market for name, market, _ in rows} == MARKETPLACES
    assert {name: install for name, _, install in rows} == INSTALL_PAGES


def test_the_credential_of_the_auth_dialog_stands_on_the_install_page_only(
    client: MakeClient,
) -> None:
    blocks = [variables_of(block) for page, block in BLOCKS if page == "pandium"]
    (with_token,) = [each for each in blocks if "api_token" in str(each)]
    claims = {"AUTH_OAUTH2_PROXY_CLAIM_HEADERS": "api_token=X-Token"}
    asked = client(PROXY, PANDIUM, with_token, claims)
    secret = PANDIUM["PANDIUM_SHARED_SECRET"]

    def says(path: str) -> dict[str, object]:
        answer = asked.simulate_get(path, headers={**ADA, "X-Token": "live"})
        token = answer.headers["location"].partition("tenant=")[2].rstrip("#")
        return vendor_reads(token, secret)

    assert "live" not in str(says("/pandium-sso"))
    assert says("/pandium-sso/install/1121")["ti"]["xti"]["token"] == "live"  # type: ignore[index] # JSON
