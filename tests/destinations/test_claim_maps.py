import json
from typing import Any

import pytest

from app.identity import Identity
from tests.destinations.sample_rows import KEY, SHORT, Rows
from tests.in_process import Load, problems
from tests.samples import APIFUSE, NOW, PANDIUM, PROXY

PLAN = {"from": "{groups}", "values": {"gold": "enterprise", "silver": 2}}
WITH_DEFAULT = {**PLAN, "default": "freemium"}
ADA = {"subject": "u-17", "email": "ada@acme.example"}


def minted(load: Load, maps: dict[str, Any], name: str = "apifuse", **identity: Any) -> Any:
    config = load(
        PROXY,
        APIFUSE,
        PANDIUM,
        now=lambda: NOW,
        SSO_CLAIM_MAPS=json.dumps(maps),
        APIFUSE_MONETIZATION_PLAN="{map.plan}",
        PANDIUM_CLAIMS='{"ti": {"xti": {"user_tier": "{map.plan|name}"}}}',
    )
    destination = next(each for each in config.destinations if each.name == name)
    return destination.claims_for(Identity(**{**ADA, **identity}), {"listing_id": "l"})


@pytest.mark.parametrize(
    ("plan", "groups", "expected"),
    [
        (PLAN, ("x", "silver", "gold"), 2),
        (PLAN, ("gold",), "enterprise"),
        (PLAN, ("x",), None),
        (PLAN, (), None),
        (WITH_DEFAULT, ("x",), "freemium"),
        (WITH_DEFAULT, (), "freemium"),
        ({"from": "{email}", "values": {"ada@acme.example": "vip"}}, (), "vip"),
        ({"from": "{claims.tier|org_id}", "values": {"3": "vip"}}, (), "vip"),
        ({"from": "{claims.paying}", "values": {"true": "vip"}}, (), "vip"),
        ({"from": "fixed", "values": {"fixed": ["a", "b"]}}, (), ["a", "b"]),
    ],
)
def test_the_first_value_that_is_found_counts(
    load: Load, plan: dict[str, Any], groups: tuple[str, ...], expected: object
) -> None:
    claims = minted(load, {"plan": plan}, groups=groups, claims={"tier": 3, "paying": True})

    assert claims["user"].get("monetizationPlan") == expected


def test_a_map_can_be_one_of_several_choices(load: Load) -> None:
    claims = minted(load, {"plan": PLAN}, "pandium", given_name="Ada", groups=("x",))
    named = minted(load, {"plan": PLAN}, "pandium", groups=("gold",))

    assert "xti" not in claims["ti"]
    assert named["ti"]["xti"] == {"user_tier": "enterprise"}


@pytest.mark.requirement("R66", "R48")
@pytest.mark.parametrize(
    ("maps", "words"),
    [
        ("[]", "is not a JSON object"),
        ('{"Plan": {"from": "x", "values": {"a": 1}}}', "'Plan' must be a name"),
        ('{"plan": "x"}', "plan must have the members from and values"),
        ('{"plan": {"from": "x"}}', "plan must have the members from and values"),
        ('{"plan": {"from": "x", "values": {"a": 1}, "defualt": 1}}', "may have default"),
        ('{"plan": {"from": "x", "values": {}}}', "plan.values must be an object"),
        ('{"plan": {"from": "x", "values": ["a"]}}', "plan.values must be an object"),
        ('{"plan": {"from": "groups", "values": {"a": 1}}}', "write {groups} or such"),
        ('{"plan": {"from": "{grops}", "values": {"a": 1}}}', "did you mean {groups}?"),
        ('{"plan": {"from": "{map.plan}", "values": {"a": 1}}}', "nothing provides {map.plan}"),
    ],
)
def test_a_map_that_gives_nothing_is_a_problem(load: Load, maps: str, words: str) -> None:
    assert words in problems(load, PROXY, PANDIUM, SSO_CLAIM_MAPS=maps)["SSO_CLAIM_MAPS"]


@pytest.mark.requirement("R66", "R48")
def test_a_map_that_is_not_there_is_a_problem_where_it_is_used(load: Load, rows: Rows) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        APIFUSE,
        KEY,
        rows(SHORT + "claims = { plan = '{name|map.paln}' }\n"),
        SSO_CLAIM_MAPS=json.dumps({"plan": PLAN}),
        PANDIUM_CLAIMS='{"x": "{map.paln}"}',
        PANDIUM_INTEGRATIONS='{"1": {"connector_name": "{map.a}", "integration_name": "b"}}',
        APIFUSE_MONETIZATION_PLAN="{map.paln}",
    )

    assert {name: "SSO_CLAIM_MAPS does not have" in wrong for name, wrong in found.items()} == {
        "PANDIUM_CLAIMS": True,
        "PANDIUM_INTEGRATIONS": True,
        "APIFUSE_MONETIZATION_PLAN": True,
        "rows.toml [x]": True,
    }


def test_a_required_claim_may_come_from_a_map(load: Load, rows: Rows) -> None:
    row = SHORT + "required = ['plan']\nclaims = { plan = '{map.plan}' }\n"

    assert load(PROXY, rows(row), KEY, SSO_CLAIM_MAPS=json.dumps({"plan": PLAN}))
