from typing import Any

import pytest

from app.cli.inspect_token import inspect
from app.tokens.jws import hmac_key, sign
from tests.in_process import Load
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM, PANDIUM_SECRET, PROXY

INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'
NOW = 1_800_000_000
PANDIUM_CLAIMS: dict[str, Any] = {"iat": NOW - 5, "jti": "x", "sub": "ada@acme.example"}
APIFUSE_CLAIMS: dict[str, Any] = {
    "iat": NOW - 5,
    "nbf": NOW - 5,
    "exp": NOW + 300,
    "orgId": "4711",
    "user": {"externalId": "u-17"},
}


def objections(load: Load, token: str) -> list[str]:
    config = load(PROXY, PANDIUM, APIFUSE, PANDIUM_INTEGRATIONS=INTEGRATIONS)
    return list(inspect(token, config.destinations, now=NOW + 0.5).objections)


def pandium(**claims: Any) -> str:
    return sign({**PANDIUM_CLAIMS, **claims}, hmac_key(PANDIUM_SECRET.encode()))


def apifuse(**claims: Any) -> str:
    return sign({**APIFUSE_CLAIMS, **claims}, hmac_key(APIFUSE_SECRET.encode()))


def test_a_good_token_has_no_objection(load: Load) -> None:
    config = load(PROXY, PANDIUM, APIFUSE)

    finding = inspect(pandium(), config.destinations, now=NOW)

    assert finding.objections == ()
    assert (finding.destination, finding.page) == ("pandium", "marketplace")
    assert finding.claims == PANDIUM_CLAIMS
    assert finding.header == {"alg": "HS256", "typ": "JWT"}


def test_the_page_is_the_one_whose_claims_are_there(load: Load) -> None:
    config = load(PROXY, PANDIUM, PANDIUM_INTEGRATIONS=INTEGRATIONS)
    xti = {"connector_name": "gwt", "integration_name": "gwt2hs"}

    assert inspect(pandium(ti={"xti": xti}), config.destinations, now=NOW).page == "install"
    assert inspect(pandium(), config.destinations, now=NOW).page == "marketplace"


def test_an_address_is_as_good_as_its_token(load: Load) -> None:
    assert objections(load, f" https://imp.pandium.io/acme?x=1&tenant={pandium()}#\n") == []
    assert objections(load, f"https://acme.apifuse.io?jwt={apifuse()}#") == []


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", ["it is not three parts of base64url with dots between"]),
        ("https://imp.pandium.io/acme", ["it is not three parts of base64url with dots between"]),
        ("a.b.c", ["it is not three parts of base64url with dots between"]),
        ("e30.W10.AA", ["it does not hold a JSON object"]),
        (pandium(exp=NOW), ["it expired 1 s ago (exp)"]),
        (pandium(exp=str(NOW)), ["exp is not a whole number of seconds"]),
        (pandium(iat=True), ["iat is not a whole number of seconds"]),
        (pandium(iat=None), ["iat is missing"]),
        (pandium(iat=NOW + 200), ["it is not valid for another 200 s (iat)"]),
        (apifuse(nbf=NOW + 195), ["it is not valid for another 195 s (nbf)"]),
        (pandium(sub=""), ["sub is not a string with something in it"]),
        (apifuse(orgId=4711), ["orgId is not a string with something in it"]),
        (apifuse(user={"exernalId": "u"}), ["user.externalId is missing"]),
    ],
)
def test_what_a_vendor_would_object_to_is_said(load: Load, token: str, expected: list[str]) -> None:
    assert objections(load, token) == expected


def test_a_token_of_another_key_is_not_verified_by_any(load: Load) -> None:
    token = sign({**PANDIUM_CLAIMS, "exp": 1}, hmac_key(b"0123456789abcdef-another-secret-0"))

    found = objections(load, token)

    assert found[0].startswith("no configured key verifies it")
    assert found[1] == f"it expired {NOW} s ago (exp)"
