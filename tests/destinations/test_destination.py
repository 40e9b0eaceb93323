from dataclasses import replace

import pytest

from app.errors import InvalidParameter, UnknownPage
from tests.destinations.sample_destination import IDS, PLAIN


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    "value",
    ["", ".", "..", "a/b", "a%2fb", "a b", "a" * 65, "é", "1121\n", "\n1121", "1121?x", "\uff11"],
)
def test_an_id_of_the_wrong_shape_is_refused(value: str) -> None:
    with pytest.raises(UnknownPage, match="wrong shape"):
        replace(PLAIN, offered=None).check_ids({"integration_id": value})


@pytest.mark.requirement("R30")
def test_an_id_that_is_not_offered_is_refused() -> None:
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
