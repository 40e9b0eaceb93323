import json
from typing import Any
from uuid import UUID

import pytest

from app.destinations.destination import Destination
from app.destinations.exchange import Issued
from app.identity import Identity
from tests.in_process import Load, problems, vendor_reads
from tests.samples import PANDIUM, PANDIUM_SECRET, PROXY

ADA = Identity(
    subject="u-17",
    email="ada@acme.example",
    name="Ada Lovelace",
    org_id="o-1",
    org_name="Acme",
    claims={"tier": "gold", "api_token": "of-the-user"},
)
INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs", "user_tier": 2}}'


def pages(load: Load, **variables: str) -> dict[str, Destination]:
    config = load(PROXY, {**PANDIUM, **variables})
    return {destination.page: destination for destination in config.destinations}


def minted(destination: Destination, identity: Identity = ADA, **ids: str) -> dict[str, Any]:
    token = destination.sign(destination.claims_for(identity, ids))
    return vendor_reads(token, PANDIUM_SECRET)


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "https://imp.pandium.io/acme"),
        ({"PANDIUM_ENVIRONMENT": "production"}, "https://imp.pandium.io/acme"),
        ({"PANDIUM_ENVIRONMENT": "sandbox"}, "https://imp.sandbox.pandium.com/acme"),
        ({"PANDIUM_ENVIRONMENT": "demo"}, "https://imp.demo.pandium.com/acme"),
        ({"PANDIUM_SUB_DOMAIN": "acme-x"}, "https://acme-x.go.pandium.com/"),
        ({"PANDIUM_MARKETPLACE_URL": "https://m.acme.example/x"}, "https://m.acme.example/x"),
        (
            {"PANDIUM_MARKETPLACE_URL": "http://127.0.0.1:8090/{account}"},
            "http://127.0.0.1:8090/acme",
        ),
    ],
)
def test_the_marketplace_is_at_its_address(
    load: Load, variables: dict[str, str], address: str
) -> None:
    marketplace = pages(load, **variables)["marketplace"]

    assert marketplace.address == address
    assert marketplace.handoff(Issued("t.t.t"), {}, {}).url == f"{address}?tenant=t.t.t#"


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "https://imp.pandium.com/acme/tenants/create/1121"),
        (
            {"PANDIUM_ENVIRONMENT": "sandbox"},
            "https://imp.sandbox.pandium.com/acme/tenants/create/1121",
        ),
        ({"PANDIUM_ENVIRONMENT": "demo"}, "https://imp.demo.pandium.com/acme/tenants/create/1121"),
        ({"PANDIUM_SUB_DOMAIN": "x"}, "https://imp.pandium.com/acme/tenants/create/1121"),
        (
            {"PANDIUM_INSTALL_URL": "https://m.acme.example/{account}/i/{integration_id}"},
            "https://m.acme.example/acme/i/1121",
        ),
        (
            {
                "PANDIUM_ACCOUNT": "",
                "PANDIUM_SUB_DOMAIN": "x",
                "PANDIUM_INSTALL_URL": "https://m.acme.example/{integration_id}",
            },
            "https://m.acme.example/1121",
        ),
    ],
)
def test_the_install_page_is_at_its_address(
    load: Load, variables: dict[str, str], address: str
) -> None:
    install = pages(load, PANDIUM_INTEGRATIONS=INTEGRATIONS, **variables)["install"]

    assert install.route == "/pandium-sso/install/{integration_id}"
    location = install.handoff(Issued("t.t.t"), {"integration_id": "1121"}, {}).url
    assert location == f"{address}?tenant=t.t.t#"


def test_the_marketplace_gets_every_claim_that_the_identity_has(load: Load) -> None:
    claims = minted(pages(load)["marketplace"])

    assert UUID(claims.pop("jti")).version == 4
    assert type(claims.pop("iat")) is int
    assert claims == {
        "sub": "ada@acme.example",
        "external_id": "u-17",
        "ti": {
            "udn": "Ada Lovelace",
            "ufn": "Ada Lovelace",
            "uem": "ada@acme.example",
            "aid": "o-1",
            "adn": "Acme",
        },
    }


def test_what_the_identity_lacks_is_left_out(load: Load) -> None:
    claims = minted(pages(load)["marketplace"], Identity(subject="a@b.c", email="a@b.c"))

    assert set(claims) == {"iat", "jti", "sub", "ti"}
    assert claims["ti"] == {"uem": "a@b.c"}


def test_the_install_page_names_the_integration(load: Load) -> None:
    install = pages(load, PANDIUM_INTEGRATIONS=INTEGRATIONS)["install"]

    claims = minted(install, integration_id="1121")

    assert claims["ti"]["xti"] == {
        "connector_name": "gwt",
        "integration_name": "gwt2hs",
        "user_tier": 2,
    }


def test_without_integrations_there_is_no_install_page(load: Load) -> None:
    assert set(pages(load)) == {"marketplace"}


def test_claims_are_merged_over_the_template(load: Load) -> None:
    template = {
        "sub": "{subject}",
        "meta": {"plan": "{claims.tier}", "source": "acme"},
        "ti": {"ufn": None, "xti": {"token": "{claims.api_token}", "user_tier": "{claims.tier}"}},
    }
    found = pages(load, PANDIUM_CLAIMS=json.dumps(template), PANDIUM_INTEGRATIONS=INTEGRATIONS)

    claims = minted(found["install"], integration_id="1121")

    assert claims["sub"] == "u-17"
    assert claims["meta"] == {"plan": "gold", "source": "acme"}
    assert "ufn" not in claims["ti"]
    assert claims["ti"]["xti"] == {
        "connector_name": "gwt",
        "integration_name": "gwt2hs",
        "token": "of-the-user",
        "user_tier": "gold",
    }


def test_a_lifetime_sets_exp(load: Load) -> None:
    claims = minted(pages(load, PANDIUM_TOKEN_LIFETIME_SECONDS="60")["marketplace"])

    assert claims["exp"] == claims["iat"] + 5 + 60


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("raw", "pandium-0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ("raw", "  pandium-0f1e2d3c4b5a69788796a5b4c3d2e1f0\n"),
        ("base64", "cGFuZGl1bS0wZjFlMmQzYzRiNWE2OTc4ODc5NmE1YjRjM2QyZTFmMA=="),
        ("base64url", "cGFuZGl1bS0wZjFlMmQzYzRiNWE2OTc4ODc5NmE1YjRjM2QyZTFmMA"),
        ("hex", PANDIUM_SECRET.encode().hex()),
    ],
)
def test_the_secret_is_decoded_by_its_encoding(load: Load, encoding: str, written: str) -> None:
    found = pages(load, PANDIUM_SECRET_ENCODING=encoding, PANDIUM_SHARED_SECRET=written)

    assert minted(found["marketplace"])["sub"] == "ada@acme.example"


@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({"PANDIUM_ENVIRONMENT": "prod"}, "PANDIUM_ENVIRONMENT", "should be 'production'"),
        ({"PANDIUM_SHARED_SECRET": "short"}, "PANDIUM_SHARED_SECRET", "5 bytes long"),
        ({"PANDIUM_SHARED_SECRET": ""}, "PANDIUM_SHARED_SECRET", "is required"),
        (
            {"PANDIUM_SECRET_ENCODING": "hex"},
            "PANDIUM_SHARED_SECRET",
            "is not hex, the encoding that is set",
        ),
        ({"PANDIUM_SECRET_ENCODING": "rot13"}, "PANDIUM_SECRET_ENCODING", "should be 'raw'"),
        ({"PANDIUM_ACCOUNT": ""}, "PANDIUM_ACCOUNT", "is required, or PANDIUM_SUB_DOMAIN"),
        ({"PANDIUM_ACCOUNT": "a/../b"}, "PANDIUM_ACCOUNT", "must consist of letters"),
        ({"PANDIUM_SUB_DOMAIN": "evil.example/"}, "PANDIUM_SUB_DOMAIN", "must be one label"),
        (
            {"PANDIUM_MARKETPLACE_URL": "http://m.acme.example/"},
            "PANDIUM_MARKETPLACE_URL",
            "plain http",
        ),
        (
            {"PANDIUM_MARKETPLACE_URL": "https:/imp.pandium.io/x"},
            "PANDIUM_MARKETPLACE_URL",
            "absolute",
        ),
        (
            {"PANDIUM_MARKETPLACE_URL": "https://{account}.example/"},
            "PANDIUM_MARKETPLACE_URL",
            "outside its path",
        ),
        (
            {"PANDIUM_MARKETPLACE_URL": "https://a.example/{tenant}"},
            "PANDIUM_MARKETPLACE_URL",
            "unknown placeholder {tenant}",
        ),
        (
            {"PANDIUM_MARKETPLACE_URL": "https://a.example/{account"},
            "PANDIUM_MARKETPLACE_URL",
            "single brace",
        ),
        (
            {"PANDIUM_MARKETPLACE_URL": "https://a.example/{account}", "PANDIUM_ACCOUNT": ""},
            "PANDIUM_MARKETPLACE_URL",
            "PANDIUM_ACCOUNT is required",
        ),
        (
            {"PANDIUM_INSTALL_URL": "https://a.example/x"},
            "PANDIUM_INSTALL_URL",
            "must contain {integration_id}",
        ),
        (
            {
                "PANDIUM_ACCOUNT": "",
                "PANDIUM_SUB_DOMAIN": "x",
                "PANDIUM_INTEGRATIONS": INTEGRATIONS,
            },
            "PANDIUM_ACCOUNT",
            "is required by PANDIUM_INTEGRATIONS",
        ),
        ({"PANDIUM_INTEGRATIONS": "{"}, "PANDIUM_INTEGRATIONS", "is not JSON"),
        ({"PANDIUM_INTEGRATIONS": "[]"}, "PANDIUM_INTEGRATIONS", "is not a JSON object"),
        (
            {"PANDIUM_INTEGRATIONS": '{"1": []}'},
            "PANDIUM_INTEGRATIONS",
            "'1' has no connector_name",
        ),
        (
            {"PANDIUM_INTEGRATIONS": '{"1": {"connector_name": "a"}}'},
            "PANDIUM_INTEGRATIONS",
            "'1' has no integration_name",
        ),
        (
            {"PANDIUM_INTEGRATIONS": '{"../x": {}}'},
            "PANDIUM_INTEGRATIONS",
            "must consist of letters",
        ),
        ({"PANDIUM_CLAIMS": '{"sub": "{emial}"}'}, "PANDIUM_CLAIMS", "did you mean {email}?"),
        ({"PANDIUM_CLAIMS": '{"jti": "x"}'}, "PANDIUM_CLAIMS", "sets jti"),
        ({"PANDIUM_FORWARD_PARAMETERS": "a,tenant"}, "PANDIUM_FORWARD_PARAMETERS", "tenant"),
        ({"PANDIUM_TOKEN_LIFETIME_SECONDS": "0"}, "PANDIUM_TOKEN_LIFETIME_SECONDS", "greater"),
        ({"PANDIUM_PATH": "/livez"}, "PANDIUM_PATH", "of the service itself"),
        ({"PANDIUM_PATH": "pandium"}, "PANDIUM_PATH", "must be a path"),
        ({"PANDIUM_PATH": "/{x}"}, "PANDIUM_PATH", "must be a path"),
        ({"PANDIUM_ACOUNT": "x"}, "PANDIUM_ACOUNT", "did you mean PANDIUM_ACCOUNT?"),
    ],
)
@pytest.mark.requirement("R48")
def test_a_wrong_variable_is_named(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, PANDIUM, **variables)[variable]
