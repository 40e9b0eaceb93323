from collections.abc import Mapping
from typing import Any

import pytest

from app.demo.lint import address_objections, token_objections
from app.demo.vendors import APIFUSE, PANDIUM, PANDIUM_INSTALL, Page
from app.demo.verification import read

from .tokens import HEADER, forged

NOW = 1_800_000_000
KEY = b"k" * 43
PANDIUM_CLAIMS = {
    "iat": NOW - 5,
    "jti": "3f0c",
    "sub": "ada@acme.example",
    "external_id": "u-17",
    "meta": {"any": ["thing", 1]},
    "ti": {"ufn": "Ada", "ili": ["1"], "xti": {"user_tier": 3, "connector_name": "gwt"}},
}
APIFUSE_CLAIMS = {
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 300,
    "orgId": "7",
    "user": {"externalId": "u-17", "email": "ada@acme.example"},
    "connection": {"connectorId": "c", "apikey": "k"},
}
ABSENT = object()


def objections(page: Page, claims: Mapping[str, Any], header: object = HEADER) -> list[str]:
    return list(token_objections(read(forged(header, claims, KEY)), page, now=NOW))


def changed(claims: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of `claims` with the claim at `path` set, or gone where it is `ABSENT`."""
    name, _, rest = path.partition(".")
    value = changed(claims.get(name, {}), rest, value) if rest else value
    others = {key: other for key, other in claims.items() if key != name}
    return others if value is ABSENT else {**others, name: value}


@pytest.mark.parametrize(
    ("page", "claims"),
    [
        (PANDIUM, PANDIUM_CLAIMS),
        (PANDIUM, {"iat": NOW, "jti": "1", "sub": "u", "exp": NOW + 1, "nbf": NOW}),
        (PANDIUM_INSTALL, changed(PANDIUM_CLAIMS, "ti.xti.integration_name", "gwt2hs")),
        (APIFUSE, APIFUSE_CLAIMS),
    ],
)
def test_a_token_as_the_vendor_documents_it_meets_no_objection(
    page: Page, claims: Mapping[str, Any]
) -> None:
    assert objections(page, claims) == []


@pytest.mark.parametrize(
    ("page", "path", "value", "words"),
    [
        (PANDIUM, "sub", ABSENT, "sub is missing; it is a string"),
        (PANDIUM, "sub", "", "sub is missing; it is a string"),
        (PANDIUM, "sub", 17, "sub is not a string"),
        (PANDIUM, "jti", ABSENT, "jti is missing; it is a string"),
        (PANDIUM, "iat", ABSENT, "iat is missing; it is whole seconds since 1970"),
        (PANDIUM, "iat", str(NOW), "iat is not whole seconds since 1970"),
        (PANDIUM, "iat", True, "iat is not whole seconds since 1970"),
        (PANDIUM, "iat", NOW + 0.5, "iat is not whole seconds since 1970"),
        (PANDIUM, "iat", -1, "iat is not whole seconds since 1970"),
        (PANDIUM, "iat", 10**4299, "iat is not whole seconds since 1970"),
        (PANDIUM, "iat", NOW + 7, "iat lies 7 s in the future"),
        (PANDIUM, "nbf", NOW + 1, "nbf lies 1 s in the future"),
        (PANDIUM, "exp", NOW, "exp lies 0 s in the past"),
        (PANDIUM, "exp", NOW - 60, "exp lies 60 s in the past"),
        (PANDIUM, "exp", None, "exp is not whole seconds since 1970"),
        (PANDIUM, "meta", "text", "meta is not an object"),
        (PANDIUM, "ti", "text", "ti is not an object"),
        (PANDIUM, "ti.uem", 1, "ti.uem is not a string"),
        (PANDIUM, "ti.ili", [1], "ti.ili is not an array of strings"),
        (PANDIUM, "ti.ili", "1", "ti.ili is not an array of strings"),
        (PANDIUM, "email", "a@b.example", "email is no claim that Pandium documents"),
        (APIFUSE, "exp", ABSENT, "exp is missing; it is whole seconds since 1970"),
        (APIFUSE, "nbf", NOW + 200, "nbf lies 200 s in the future"),
        (APIFUSE, "orgId", 7, "orgId is not a string"),
        (APIFUSE, "ordId", "7", "ordId is no claim that APIFuse documents"),
        (APIFUSE, "user.externalId", ABSENT, "user.externalId is missing; it is a string"),
        (APIFUSE, "user.age", 7, "user is not an object of strings"),
        (APIFUSE, "user", ABSENT, "user.externalId is missing; it is a string"),
        (APIFUSE, "connection.apikey", 7, "connection is not an object of strings"),
        (APIFUSE, "connection", "c", "connection is not an object of strings"),
    ],
)
def test_each_departure_from_the_documentation_is_reported(
    page: Page, path: str, value: object, words: str
) -> None:
    claims = PANDIUM_CLAIMS if page is PANDIUM else APIFUSE_CLAIMS

    assert objections(page, changed(claims, path, value)) == [words]


def test_the_install_page_asks_for_both_names_of_the_integration() -> None:
    claims = changed(PANDIUM_CLAIMS, "ti", ABSENT)

    assert objections(PANDIUM_INSTALL, claims) == [
        "ti.xti.connector_name is missing; it is a string",
        "ti.xti.integration_name is missing; it is a string",
    ]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ({"alg": "HS256", "typ": "JWT", "kid": "1"}, "kid"),
        ({"alg": "HS256"}, "typ"),
        ({"alg": "HS256", "typ": "at+jwt"}, "typ"),
    ],
)
def test_a_header_that_differs_from_the_sample_is_reported(header: object, name: str) -> None:
    words = f"header {name}: the header has alg HS256, typ JWT and nothing else"

    assert objections(PANDIUM, PANDIUM_CLAIMS, header) == [words]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("tenant=t", []),
        ("tenant=t&integration_id=1121&display=settings&integration_settings=x", []),
        ("tenant=t&rd=https://evil.example", ["rd is no parameter of this page"]),
        ("tenant=t&x&x=&x=2", ["x is no parameter of this page"]),
        ("tenant=t&jwt=t", ["jwt is no parameter of this page"]),
        ("tenant=t&tenant=u", ["tenant is given 2 times"]),
        ("tenant=t&display=&display=list", ["display is given 2 times"]),
    ],
)
def test_an_unexpected_parameter_in_the_address_is_reported(
    query: str, expected: list[str]
) -> None:
    assert list(address_objections(query, "", PANDIUM)) == expected


@pytest.mark.parametrize(
    ("referer", "leaks"),
    [
        ("", False),
        ("http://localhost:8080/", False),
        ("http://localhost:8080/?a=tenant", False),
        ("http://[::1", False),
        ("http://127.0.0.1:8090/pandium/acme?tenant=t", True),
        ("http://127.0.0.1:8090/apifuse?a=b&jwt=t", True),
        ("http://[::1?jwt=t", True),
    ],
)
def test_a_referer_with_a_token_is_reported(referer: str, leaks: bool) -> None:
    words = "Referer: it carries a token; the page before this one gave it away"

    assert list(address_objections("tenant=t", referer, PANDIUM)) == [words] * leaks
