from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.headers.identity_headers import HeaderReader, IdentityHeaders
from app.errors import InvalidCredential
from app.identity import Identity

VARIABLES = [name for name in IdentityHeaders.model_fields if name.endswith("_header")]


def reader(**variables: Any) -> HeaderReader:
    unset: dict[str, Any] = dict.fromkeys(VARIABLES)
    return HeaderReader(IdentityHeaders(_env_prefix="NOWHERE_", **{**unset, **variables}))


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_variable_that_names_a_header_fills_a_field_of_the_identity(variable: str) -> None:
    found, claims = reader(**{variable: "X-Here"}).read({b"x-here": b"u-17@acme.example"})

    (field,) = found
    assert claims == {}
    assert variable == f"{field}_header"
    assert field in {each.name for each in fields(Identity)}


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("name_header", b"Lovelace, \x07Ada\xff ", "Lovelace, Ada\ufffd"),
        ("org_name_header", b"Acme, Inc.", "Acme, Inc."),
        ("groups_header", b"a, b,,c", ("a", "b", "c")),
        ("groups_header", b"g" * 1000, ("g" * 1000,)),
    ],
)
def test_names_and_groups_are_read_as_well_as_they_can_be(
    variable: str, value: bytes, expected: object
) -> None:
    found = reader(**{variable: "X-Here"}).read({b"x-here": value})

    assert found[0] == {variable.removesuffix("_header"): expected}


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        (rb"a\,b,c", ("a,b", "c")),
        (rb"ACME\\staff,b", ("ACME\\staff", "b")),
        (rb"ACME\staff,b", ("ACME\\staff", "b")),
        (rb"a\\,b", ("a\\", "b")),
        (b"a\\", ("a\\",)),
        (rb",,\,, ,", (",",)),
        (b'"a","b"', ('"a"', '"b"')),
    ],
)
def test_a_separator_may_be_inside_of_a_group_after_its_escape(
    value: bytes, groups: tuple[str, ...]
) -> None:
    found, _ = reader(groups_header="X-Here", groups_escape="\\").read({b"x-here": value})

    assert found == {"groups": groups}


@given(
    groups=st.lists(st.text("ab\\,|", min_size=1), min_size=1),
    separator=st.sampled_from([",", "|", ",|"]),
)
def test_escaped_groups_are_read_as_they_were(groups: list[str], separator: str) -> None:
    escaped = [each.replace("\\", "\\\\").replace(separator, f"\\{separator}") for each in groups]
    read = reader(groups_header="X-Here", groups_separator=separator, groups_escape="\\")

    found, _ = read.read({b"x-here": separator.join(escaped).encode()})

    assert found == {"groups": tuple(groups)}


@pytest.mark.requirement("R22")
@pytest.mark.parametrize("variable", ["subject_header", "email_header", "org_id_header"])
@pytest.mark.parametrize("value", [b"a,b", b"\xff", b"x" * 513])
def test_an_id_is_read_strictly_or_refused(variable: str, value: bytes) -> None:
    with pytest.raises(InvalidCredential):
        reader(**{variable: "X-Here"}).read({b"x-here": value})


def test_a_field_that_is_empty_is_left_out() -> None:
    headers = {b"x-user": b"u-17", b"x-name": b"", b"x-groups": b" , "}

    found = reader(subject_header="X-User", name_header="X-Name", groups_header="X-Groups")

    assert found.read(headers) == ({"subject": "u-17"}, {})
    assert found.names == {b"x-user", b"x-name", b"x-groups"}
