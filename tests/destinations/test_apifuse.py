import json
from typing import Any

import pytest

from app.destinations.destination import Destination
from app.destinations.exchange import Issued
from app.identity import Identity
from tests.in_process import Load, MakeClient, problems, vendor_reads
from tests.samples import ADA as ADA_HEADERS
from tests.samples import APIFUSE, APIFUSE_SECRET, PROXY

ADA = Identity(
    subject="u-17",
    email="ada@acme.example",
    given_name="Ada",
    family_name="Lovelace",
    claims={"plan": "gold", "crm_key": "of-the-user"},
)


def pages(load: Load, **variables: str) -> dict[str, Destination]:
    config = load(PROXY, {**APIFUSE, **variables})
    return {destination.page: destination for destination in config.destinations}


def minted(destination: Destination, identity: Identity = ADA) -> dict[str, Any]:
    return vendor_reads(
        destination.sign(destination.claims_for(identity, {"listing_id": "l-1"})), APIFUSE_SECRET
    )


@pytest.mark.parametrize(
    ("variables", "marketplace", "listing"),
    [
        ({}, "https://acme.apifuse.io", "https://acme.apifuse.io/listing/l-1"),
        (
            {"APIFUSE_SUBDOMAIN": "", "APIFUSE_CUSTOM_DOMAIN": "market.acme.example"},
            "https://market.acme.example",
            "https://market.acme.example/listing/l-1",
        ),
        (
            {"APIFUSE_SUBDOMAIN": "", "APIFUSE_CUSTOM_DOMAIN": "http://127.0.0.1:8090/apifuse/"},
            "http://127.0.0.1:8090/apifuse/",
            "http://127.0.0.1:8090/apifuse/listing/l-1",
        ),
    ],
)
def test_the_pages_are_at_their_addresses(
    load: Load, variables: dict[str, str], marketplace: str, listing: str
) -> None:
    found = pages(load, **variables)

    assert found["marketplace"].handoff(Issued("t.t.t"), {}, {}).url == f"{marketplace}?jwt=t.t.t#"
    handoff = found["listing"].handoff(Issued("t.t.t"), {"listing_id": "l-1"}, {})
    assert handoff.url == f"{listing}?jwt=t.t.t#"
    assert found["listing"].route == "/apifuse-sso/listing/{listing_id}"


@pytest.mark.parametrize("page", ["marketplace", "listing"])
def test_a_page_gets_the_claims_that_apifuse_documents(load: Load, page: str) -> None:
    claims = minted(pages(load)[page])

    issued_at = claims["iat"]
    assert claims == {
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + 5 + 300,
        "orgId": "4711",
        "user": {
            "externalId": "u-17",
            "firstname": "Ada",
            "lastname": "Lovelace",
            "email": "ada@acme.example",
        },
    }


def test_a_user_is_known_by_the_id_alone(load: Load) -> None:
    claims = minted(pages(load)["marketplace"], Identity(subject="u-17"))

    assert claims["user"] == {"externalId": "u-17"}


@pytest.mark.parametrize(("plan", "expected"), [("silver", "silver"), ("{claims.plan}", "gold")])
def test_a_plan_is_fixed_or_comes_from_the_user(load: Load, plan: str, expected: str) -> None:
    claims = minted(pages(load, APIFUSE_MONETIZATION_PLAN=plan)["marketplace"])

    assert claims["user"]["monetizationPlan"] == expected


def test_a_connection_is_prepared(load: Load) -> None:
    connection = {"connectionName": "{name}", "connectorId": "crm", "apikey": "{claims.crm_key}"}

    claims = minted(pages(load, APIFUSE_CONNECTION=json.dumps(connection))["listing"])

    assert claims["connection"] == {"connectorId": "crm", "apikey": "of-the-user"}


def test_claims_are_merged_over_the_template(load: Load) -> None:
    over = {"user": {"firstname": "{given_name} {family_name}", "lastname": None}}

    claims = minted(pages(load, APIFUSE_CLAIMS=json.dumps(over))["marketplace"])

    assert claims["user"]["firstname"] == "Ada Lovelace"
    assert "lastname" not in claims["user"]


@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({"APIFUSE_API_SECRET": "short"}, "APIFUSE_API_SECRET", "5 bytes long"),
        ({"APIFUSE_ORG_ID": ""}, "APIFUSE_ORG_ID", "is required"),
        ({"APIFUSE_ORG_ID": "{subject}"}, "APIFUSE_ORG_ID", "must consist of letters"),
        ({"APIFUSE_SUBDOMAIN": ""}, "APIFUSE_SUBDOMAIN", "or APIFUSE_CUSTOM_DOMAIN"),
        ({"APIFUSE_SUBDOMAIN": "a.b"}, "APIFUSE_SUBDOMAIN", "must be one label"),
        ({"APIFUSE_CUSTOM_DOMAIN": "m.acme.example"}, "APIFUSE_SUBDOMAIN", "set exactly one"),
        ({"APIFUSE_CUSTOM_DOMAIN": "a b"}, "APIFUSE_CUSTOM_DOMAIN", "blank"),
        ({"APIFUSE_MONETIZATION_PLAN": "{plan}"}, "APIFUSE_MONETIZATION_PLAN", "{plan}"),
        ({"APIFUSE_CONNECTION": '{"a": "{x}"}'}, "APIFUSE_CONNECTION", "{x}"),
        ({"APIFUSE_CLAIMS": '{"nbf": 1}'}, "APIFUSE_CLAIMS", "sets nbf"),
        ({"APIFUSE_TOKEN_LIFETIME_SECONDS": "x"}, "APIFUSE_TOKEN_LIFETIME_SECONDS", "whole number"),
        ({"APIFUSE_ANONYMOUS": "yes"}, "APIFUSE_ANONYMOUS", "should be 'login' or 'redirect'"),
    ],
)
@pytest.mark.requirement("R48")
def test_a_wrong_variable_is_named(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, APIFUSE, **variables)[variable]


def test_a_visitor_without_a_session_is_asked_to_sign_in(client: MakeClient) -> None:
    answer = client(PROXY, APIFUSE).simulate_get("/apifuse-sso")

    assert answer.status_code == 401


def test_a_visitor_may_browse_if_the_operator_allows_it(client: MakeClient) -> None:
    service = client(PROXY, APIFUSE, APIFUSE_ANONYMOUS="redirect")

    browsing = service.simulate_get("/apifuse-sso/listing/l-1")
    asking = service.simulate_get("/apifuse-sso", headers={"Accept": "application/json"})

    assert browsing.status_code == 307
    assert browsing.headers["location"] == "https://acme.apifuse.io/listing/l-1#"
    assert asking.json == {
        "url": "https://acme.apifuse.io#",
        "origin": "https://acme.apifuse.io",
        "expires_at": None,
    }


def test_an_invalid_session_is_not_taken_for_a_visitor(client: MakeClient) -> None:
    service = client(PROXY, APIFUSE, APIFUSE_ANONYMOUS="redirect")

    answer = service.simulate_get(
        "/apifuse-sso", headers={**ADA_HEADERS, "X-Forwarded-User": "a,b"}
    )

    assert answer.status_code == 401
