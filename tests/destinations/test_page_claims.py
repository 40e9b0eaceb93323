"""What one page of a vendor says, and no other (R34)."""

import json
from typing import Any

import pytest

from app.identity import Identity
from tests.in_process import Load, problems
from tests.samples import APIFUSE, NOW, PANDIUM, PROXY

ADA = Identity(
    subject="u-17", email="ada@acme.example", groups=("gold",), claims={"api_token": "hush-17"}
)
INTEGRATIONS = json.dumps(
    {
        "1121": {
            "connector_name": "gwt",
            "integration_name": "gwt2hs",
            "token": "{claims.api_token}",
            "who": "{subject}@{path.integration_id}",
        },
        "1122": {"connector_name": "x", "integration_name": "y"},
    }
)


def pages(load: Load, **variables: str) -> dict[str, Any]:
    config = load(
        PROXY, PANDIUM, APIFUSE, now=lambda: NOW, PANDIUM_INTEGRATIONS=INTEGRATIONS, **variables
    )
    return {f"{each.name} {each.page}": each for each in config.destinations}


@pytest.mark.requirement("R34")
def test_the_token_of_the_auth_dialog_is_on_the_install_page_only(load: Load) -> None:
    found = pages(load)
    ids = {"integration_id": "1121"}

    assert found["pandium install"].claims_for(ADA, ids)["ti"]["xti"] == {
        "connector_name": "gwt",
        "integration_name": "gwt2hs",
        "token": "hush-17",
        "who": "u-17@1121",
    }
    assert found["pandium install"].claims_for(ADA, {"integration_id": "1122"})["ti"]["xti"] == {
        "connector_name": "x",
        "integration_name": "y",
    }
    for name in ("pandium marketplace", "apifuse marketplace", "apifuse listing"):
        assert "hush-17" not in repr(found[name].claims_for(ADA, {"listing_id": "l"}))


@pytest.mark.requirement("R34")
def test_a_page_may_say_more_than_the_others(load: Load) -> None:
    more = json.dumps({"meta": {"page": "one"}, "external_id": None})
    found = pages(
        load,
        PANDIUM_CLAIMS='{"meta": {"all": 1, "page": "all"}}',
        PANDIUM_INSTALL_CLAIMS=more,
        APIFUSE_LISTING_CLAIMS='{"listing": "{path.listing_id}"}',
    )

    install = found["pandium install"].claims_for(ADA, {"integration_id": "1121"})
    assert install["meta"] == {"all": 1, "page": "one"}
    assert "external_id" not in install
    marketplace = found["pandium marketplace"].claims_for(ADA, {})
    assert marketplace["meta"] == {"all": 1, "page": "all"}
    assert marketplace["external_id"] == "u-17"
    assert found["apifuse listing"].claims_for(ADA, {"listing_id": "l-1"})["listing"] == "l-1"
    assert "listing" not in found["apifuse marketplace"].claims_for(ADA, {})


@pytest.mark.requirement("R66", "R48")
@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "PANDIUM_INTEGRATIONS",
            '{"1": {"connector_name": "a", "integration_name": "{clams.x}"}}',
            "'1' integration_name: nothing provides {clams.x}",
        ),
        (
            "PANDIUM_INTEGRATIONS",
            '{"1": {"connector_name": "{integration.x}", "integration_name": "b"}}',
            "nothing provides {integration.x}",
        ),
        ("PANDIUM_INSTALL_CLAIMS", '{"a": "{emial}"}', "did you mean {email}?"),
        ("PANDIUM_INSTALL_CLAIMS", '{"exp": 1}', "sets exp"),
        ("APIFUSE_LISTING_CLAIMS", '{"a": "{b"}', "has a single"),
    ],
)
def test_a_template_that_cannot_be_filled_is_a_problem(
    load: Load, variable: str, value: str, words: str
) -> None:
    assert words in problems(load, PROXY, PANDIUM, APIFUSE, {variable: value})[variable]
