from dataclasses import replace

import pytest

from app.destinations.exchange import Issued
from app.destinations.handoff import Handoff
from app.destinations.parameters import TEXT
from app.errors import LocationTooLong
from tests.destinations.sample_destination import IDS, PLAIN, SECRET, going_to
from tests.in_process import vendor_reads


@pytest.mark.requirement("R32")
def test_a_redirect_has_the_parameters_the_token_and_an_empty_fragment() -> None:
    token = PLAIN.sign({"sub": "x"})

    handoff = PLAIN.handoff(Issued(token), IDS, {"display": "a b&c=d#e"})

    assert handoff == Handoff(
        f"https://vendor.example/acme/1121/new?display=a+b%26c%3Dd%23e&tenant={token}#"
    )
    assert vendor_reads(token, SECRET) == {"sub": "x"}


def test_an_address_may_have_parameters_of_its_own() -> None:
    fixed = going_to(address="https://vendor.example/?v=2")

    assert fixed.handoff(Issued("t.t.t"), {}, {}).url == "https://vendor.example/?v=2&tenant=t.t.t#"
    assert fixed.anonymous_handoff({}, {}).url == "https://vendor.example/?v=2#"


@pytest.mark.requirement("R29")
def test_no_parameter_can_replace_the_token() -> None:
    careless = replace(going_to(forwarded=frozenset({"tenant"})), parameters={"tenant": TEXT})

    handoff = careless.handoff(Issued("t.t.t"), IDS, careless.checked_parameters("tenant=evil"))

    assert handoff.url.endswith("?tenant=t.t.t#")


def test_an_address_over_the_limit_is_refused() -> None:
    token = PLAIN.sign({"sub": "x"})
    length = len(PLAIN.handoff(Issued(token), IDS, {}).url)

    assert len(going_to(max_location_bytes=length).handoff(Issued(token), IDS, {}).url) == length
    with pytest.raises(LocationTooLong, match=f"{length} bytes, {length - 1} allowed"):
        going_to(max_location_bytes=length - 1).handoff(Issued(token), IDS, {})


def test_a_form_posts_the_token_beside_the_forwarded_parameters() -> None:
    form = going_to(delivery="form")

    handoff = form.handoff(Issued("t.t.t"), IDS, {"display": "list", "state": "s"})

    assert handoff == Handoff(
        "https://vendor.example/acme/1121/new", "form", {"display": "list", "tenant": "t.t.t"}
    )
