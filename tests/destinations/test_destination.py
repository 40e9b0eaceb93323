from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.claims import compile_template
from app.destinations.destination import Destination
from app.destinations.handoff import Handoff, Target
from app.destinations.parameters import ID, TEXT
from app.destinations.token_claims import TEMPLATE_NAMES, TokenClaims
from app.errors import InvalidParameter, LocationTooLong, MissingClaim, UnknownPage
from app.identity import Identity
from app.tokens.jws import hmac_key
from tests.in_process import vendor_reads
from tests.samples import NOW

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ADA = Identity(subject="u-17", email="ada@acme.example", groups=("a",), claims={"x": "private"})

TEMPLATE = {
    "iat": "{issued_at}",
    "exp": "{expires_at}",
    "jti": "{token_id}",
    "sub": "{email}",
    "external_id": "{external_id}",
    "connector": "{integration.connector_name}",
    "id": "{path.integration_id}",
}
PLAIN = Destination(
    name="vendor",
    page="install",
    root="/vendor-sso",
    route="/vendor-sso/install/{integration_id}",
    key=hmac_key(SECRET.encode()),
    claims=TokenClaims(
        template=compile_template(TEMPLATE, TEMPLATE_NAMES), required=("sub",), now=lambda: NOW
    ),
    target=Target(
        address="https://vendor.example/acme/{integration_id}/new",
        token_parameter="tenant",
        forwarded=frozenset({"display", "integration_id"}),
    ),
    ids={"integration_id": ID},
    offered={"1121": {"connector_name": "gwt"}},
    parameters={"display": TEXT, "integration_id": TEXT, "state": TEXT},
)
IDS = {"integration_id": "1121"}


def saying(**changes: Any) -> Destination:
    return replace(PLAIN, claims=replace(PLAIN.claims, **changes))


def going_to(**changes: Any) -> Destination:
    return replace(PLAIN, target=replace(PLAIN.target, **changes))


def test_claims_come_from_the_template_and_nothing_else_leaves() -> None:
    claims = PLAIN.claims_for(ADA, IDS)

    assert UUID(claims.pop("jti")).version == 4
    assert claims == {
        "iat": int(NOW) - 5,
        "sub": "ada@acme.example",
        "external_id": "u-17",
        "connector": "gwt",
        "id": "1121",
    }


@pytest.mark.requirement("R33")
def test_every_token_has_an_id_of_its_own() -> None:
    ids = {PLAIN.claims_for(ADA, IDS)["jti"] for _ in range(1000)}

    assert len(ids) == 1000


@pytest.mark.requirement("R33")
@pytest.mark.parametrize("skew", [0, 5, 300])
def test_a_token_is_never_issued_ahead_of_time(skew: int) -> None:
    claims = saying(clock_skew_seconds=skew).claims_for(ADA, IDS)

    assert type(claims["iat"]) is int
    assert claims["iat"] == int(NOW) - skew


@pytest.mark.requirement("R33")
@pytest.mark.parametrize(
    ("lifetime", "session_ends", "expected"),
    [
        (None, None, None),
        (300, None, int(NOW) + 300),
        (300, int(NOW) + 1000, int(NOW) + 300),
        (300, int(NOW) + 10, int(NOW) + 10),
    ],
)
def test_a_token_ends_no_later_than_the_session(
    lifetime: int | None, session_ends: int | None, expected: int | None
) -> None:
    destination = saying(lifetime_seconds=lifetime)
    identity = replace(ADA, expires_at=session_ends)

    assert destination.claims_for(identity, IDS).get("exp") == expected


def test_a_missing_required_claim_is_named() -> None:
    with pytest.raises(MissingClaim) as refused:
        PLAIN.claims_for(Identity(subject="u-17"), IDS)

    assert refused.value.claim == "sub"


def test_a_template_that_renders_to_nothing_still_lacks_what_is_required() -> None:
    empty = saying(template=compile_template({}, TEMPLATE_NAMES))

    with pytest.raises(MissingClaim):
        empty.claims_for(ADA, IDS)


def test_a_subject_that_is_the_email_is_not_an_external_id() -> None:
    identity = Identity(subject="ada@acme.example", email="ada@acme.example")

    assert "external_id" not in PLAIN.claims_for(identity, IDS)


@pytest.mark.requirement("R32")
def test_the_location_has_the_parameters_the_token_and_an_empty_fragment() -> None:
    token = PLAIN.sign({"sub": "x"})

    handoff = PLAIN.handoff(token, IDS, {"display": "a b&c=d#e"})

    assert handoff == Handoff(
        f"https://vendor.example/acme/1121/new?display=a+b%26c%3Dd%23e&tenant={token}#"
    )
    assert vendor_reads(token, SECRET) == {"sub": "x"}


def test_an_address_may_have_parameters_of_its_own() -> None:
    fixed = going_to(address="https://vendor.example/?v=2")

    assert fixed.handoff("t.t.t", {}, {}).url == "https://vendor.example/?v=2&tenant=t.t.t#"
    assert fixed.anonymous_handoff({}, {}).url == "https://vendor.example/?v=2#"


@pytest.mark.requirement("R29")
def test_no_parameter_can_replace_the_token() -> None:
    careless = replace(going_to(forwarded=frozenset({"tenant"})), parameters={"tenant": TEXT})

    handoff = careless.handoff("t.t.t", IDS, careless.checked_parameters("tenant=evil"))

    assert handoff.url.endswith("?tenant=t.t.t#")


def test_a_location_at_the_bound_goes_and_one_over_it_does_not() -> None:
    token = PLAIN.sign({"sub": "x"})
    length = len(PLAIN.handoff(token, IDS, {}).url)

    assert len(going_to(max_location_bytes=length).handoff(token, IDS, {}).url) == length
    with pytest.raises(LocationTooLong, match=f"{length} bytes, {length - 1} allowed"):
        going_to(max_location_bytes=length - 1).handoff(token, IDS, {})


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "a/b", "a%2fb", "a b", "a" * 65, "é", "1121\n", "\n1121", "1121?x", "\uff11"],
)
def test_an_id_of_another_shape_is_no_page(value: str) -> None:
    with pytest.raises(UnknownPage, match="wrong shape"):
        replace(PLAIN, offered=None).check_ids({"integration_id": value})


@pytest.mark.requirement("R30")
def test_an_id_that_is_not_offered_is_no_page() -> None:
    with pytest.raises(UnknownPage, match="offered"):
        PLAIN.check_ids({"integration_id": "1122"})


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("query", ["display=a&display=a", "display=a&%64isplay=b"])
def test_a_repeated_parameter_is_refused(query: str) -> None:
    with pytest.raises(InvalidParameter, match="display is repeated"):
        PLAIN.checked_parameters(query)


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    "value",
    ["", "%00", "%0d%0a", "%1b", "%7f", "%c2%85", "%e2%80%a8", "%ff", "%ed%a0%80", "a" * 257],
)
def test_an_invalid_parameter_is_refused(value: str) -> None:
    with pytest.raises(InvalidParameter, match="display has an invalid value"):
        PLAIN.checked_parameters(f"display={value}")


@pytest.mark.requirement("R29")
def test_other_parameters_are_dropped() -> None:
    query = "display=settings&tenant=evil&jwt=evil&x=1&x=2&;a=b&=&&integration_id=1121"

    parameters = PLAIN.checked_parameters(query)

    assert parameters == {"display": "settings", "integration_id": "1121"}


def test_our_own_path_leads_back_here() -> None:
    assert PLAIN.path(IDS, {}) == "/vendor-sso/install/1121"
    assert PLAIN.path(IDS, {"display": "a b"}) == "/vendor-sso/install/1121?display=a+b"


def test_the_origin_is_the_vendors() -> None:
    assert PLAIN.origin == "https://vendor.example"


def test_every_placeholder_has_its_value() -> None:
    whole = Identity(
        subject="u-17",
        issuer="https://login.acme.example",
        email="ada@acme.example",
        email_verified=True,
        name="Ada Lovelace",
        given_name="Ada",
        family_name="Lovelace",
        org_id="o-1",
        org_name="Acme",
        groups=("a",),
        expires_at=int(NOW) + 60,
    )
    plain = [name for name in TEMPLATE_NAMES if not name.endswith(".")]
    template = compile_template({name: f"{{{name}}}" for name in plain}, TEMPLATE_NAMES)
    destination = saying(template=template, required=(), lifetime_seconds=300)

    claims = destination.claims_for(whole, IDS)
    least = destination.claims_for(Identity(subject="u-17"), IDS)

    assert claims.keys() == set(plain)
    assert claims["groups"] == ["a"]
    assert claims["expires_at"] == int(NOW) + 60
    assert least.keys() == {"subject", "external_id", "now", "issued_at", "expires_at", "token_id"}


def test_a_form_posts_the_token_beside_the_forwarded_parameters() -> None:
    form = going_to(delivery="form")

    handoff = form.handoff("t.t.t", IDS, {"display": "list", "state": "s"})

    assert handoff == Handoff(
        "https://vendor.example/acme/1121/new", "form", {"display": "list", "tenant": "t.t.t"}
    )
