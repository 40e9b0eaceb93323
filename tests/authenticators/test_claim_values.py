"""What claims say, in every spelling that logins have for it."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.claim_names import ClaimNames
from app.authenticators.claim_values import expiry, groups_left_out, without
from app.errors import InvalidCredential
from app.identity import Identity, InvalidIdentity

ADA = {"sub": "u-17", "email": "ada@acme.example"}


def names(**variables: Any) -> ClaimNames:
    return ClaimNames(_env_prefix="NOWHERE_", **variables)


def identity(claims: dict[str, Any], **variables: Any) -> Identity:
    return names(**variables).identity_from({**ADA, **claims})


@pytest.mark.requirement("R61")
@pytest.mark.parametrize("value", [True, "true", "True", "TRUE", " true ", 1, 1.0, "1", [True]])
def test_a_yes_in_any_spelling_keeps_the_address(value: object) -> None:
    found = identity({"email_verified": value})

    assert (found.email, found.email_verified) == ("ada@acme.example", True)


@pytest.mark.requirement("R61")
@pytest.mark.parametrize("value", [None, ""])
def test_where_nothing_is_said_the_address_stays(value: object) -> None:
    assert identity({"email_verified": value}).email == "ada@acme.example"
    assert identity({}).email_verified is None


@pytest.mark.requirement("R61")
@pytest.mark.parametrize(
    "value",
    [
        *(False, "false", "False", 0, "0", "no", "maybe", "yes, I think", 2, -1, 1.5, [], {}),
        *([False], [True, False], ["true", "x"], [[]], {"true": True}, "\u212aey", "t\u0072ue!"),
    ],
)
def test_whatever_is_no_yes_takes_the_address_away(value: object) -> None:
    claims = {"email_verified": value, "name": "Ada"}

    found = identity(claims)

    assert (found.subject, found.email, found.email_verified) == ("u-17", None, False)
    assert "email" not in found.claims
    assert found.name == "Ada"
    kept = identity(claims, allow_unverified_email=True)
    assert (kept.email, kept.email_verified) == ("ada@acme.example", False)
    assert kept.claims["email"] == "ada@acme.example"


@pytest.mark.requirement("R61")
def test_an_unverified_address_is_no_subject_either() -> None:
    claims = {"email_verified": False, "upn": "Ada@ACME.example"}
    with pytest.raises(InvalidIdentity):
        identity(claims, subject_claim="email")
    with pytest.raises(InvalidIdentity, match="not verified"):
        identity(claims, subject_claim="upn")
    with pytest.raises(InvalidIdentity, match="not verified"):
        names().identity_from({"email_verified": "0"}, subject="a@b.example", email="a@b.example")

    assert identity(claims, subject_claim="upn", allow_unverified_email=True).subject
    assert identity({**claims, "upn": "u-17@hr"}, subject_claim="upn").subject == "u-17@hr"


def test_a_claim_that_is_a_list_has_a_first_one() -> None:
    found = identity({"traits": {"mail": ["a@b.example"], "org": [4711]}, "x": ["n"]})
    named = names(email_claim="traits.mail.0", org_id_claim="traits.org.0", name_claim="x.1|x.0")

    who = named.identity_from(found.claims)

    assert (who.email, who.org_id, who.name) == ("a@b.example", "4711", "n")
    assert named.sources(who)["name"] == "x.0"


@pytest.mark.requirement("R61")
def test_an_unverified_address_in_a_list_takes_the_list_away() -> None:
    claims = {"sub": "u-17", "mails": ["a@b.example", "c@d.example"], "email_verified": False}

    who = names(email_claim="mails.0|mails.1").identity_from(claims)

    assert who.email is None
    assert "mails" not in who.claims


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "anonymous"},
        {"is_anonymous": True},
        {"is_anonymous": "true"},
        {"firebase": {"sign_in_provider": "anonymous", "identities": {}}},
        {"gcip": {"firebase": {"sign_in_provider": "anonymous"}}},
    ],
)
def test_a_guest_of_the_host_is_no_user(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidCredential, match="guest"):
        identity(claims)


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "anonymous"},
        {"is_anonymous": False},
        {"is_anonymous": None},
        {"is_anonymous": "false"},
        {"is_anonymous": []},
        {"firebase": None},
        {"firebase": "anonymous"},
        {"firebase": {"sign_in_provider": "password"}},
    ],
)
def test_who_is_not_called_a_guest_is_a_user(claims: dict[str, Any]) -> None:
    assert identity(claims).subject == "u-17"


@pytest.mark.requirement("R61")
def test_an_unverified_address_is_taken_away_wherever_it_is() -> None:
    claims = {"user": {"mail": "ada@acme.example", "ok": "False", "n": 1}, "a.b": "x@y.example"}
    found = names(email_claim="user.mail|a.b|absent.x", email_verified_claim="user.ok")

    who = found.identity_from({**ADA, **claims}, email="header@acme.example")

    assert who.email is None
    assert who.claims == {**ADA, "user": {"ok": "False", "n": 1}}


def test_without_leaves_what_it_does_not_find() -> None:
    assert without({"a": 1}, "a.b") == {"a": 1}
    assert without({"a": {"b": 1, "c": 2}}, "a.b") == {"a": {"c": 2}}
    assert without({"a": {"b": 1}}, "c") == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        (None, ()),
        ([], ()),
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ({}, ()),
        ({"admin": {"2001": "acme.example"}, "reader": {}, "x": 0}, ("admin", "reader", "x")),
        ({"admin": True, "root": False, "none": None}, ("admin",)),
    ],
)
def test_groups_in_every_form(value: object, groups: tuple[str, ...]) -> None:
    assert identity({"groups": value}).groups == groups


@pytest.mark.parametrize(
    ("claims", "claim"),
    [
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {}}, "_claim_names"),
        ({"_claim_names": {"other": "src1"}}, None),
        ({"_claim_names": None}, None),
        ({"_claim_names": ["groups"]}, None),
        ({"hasgroups": True}, "hasgroups"),
        ({"hasgroups": "true"}, "hasgroups"),
        ({"hasgroups": False}, None),
        ({}, None),
    ],
)
def test_groups_that_are_left_out_are_known(claims: dict[str, Any], claim: str | None) -> None:
    assert groups_left_out(claims) == claim


@pytest.mark.parametrize("value", [1e300, -1, 10**40, True, "1800000000", [], {}])
def test_an_end_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(InvalidCredential, match="exp"):
        expiry({"exp": value})


def test_where_each_part_came_from_is_told() -> None:
    claims = {**ADA, "upn": "x", "org": {"id": 7}, "groups": []}
    named = names(name_claim="name|upn", org_id_claim="org.id")

    found = named.sources(named.identity_from(claims))

    assert found == {
        "subject": "sub",
        "email": "email",
        "name": "upn",
        "org_id": "org.id",
        "groups": "groups",
    }


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=4,
)
READ = st.sampled_from(
    [
        *("sub", "email", "email_verified", "name", "given_name", "family_name", "groups", "exp"),
        *("org", "hasgroups", "_claim_names"),
    ]
)


@pytest.mark.requirement("R14", "R61")
@given(st.dictionaries(READ, ANYTHING), st.booleans(), st.booleans())
def test_whatever_is_said_it_is_an_identity_or_refused(
    claims: dict[str, Any], allowed: bool, numeric: bool
) -> None:
    named = names(org_id_claim="org.id|org", org_name_claim="org", allow_unverified_email=allowed)

    with contextlib.suppress(InvalidCredential, InvalidIdentity):
        expiry(claims)
        groups_left_out(claims)
        found = named.identity_from({**ADA, **claims}, numeric_subject=numeric)
        assert found.email_verified is not False or found.email is None or allowed
        assert named.sources(found)
