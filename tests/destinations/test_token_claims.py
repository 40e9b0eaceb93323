import subprocess
import sys
from dataclasses import replace
from uuid import UUID

import pytest

from app.claims import compile_template
from app.destinations.token_claims import TEMPLATE_NAMES, merged
from app.errors import MissingClaim
from app.identity import Identity
from tests.destinations.sample_destination import ADA, IDS, PLAIN, saying
from tests.samples import NOW


def test_claims_come_from_the_template_alone() -> None:
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


FORKS = """
import os
from app.destinations.token_claims import TokenClaims, merged
from app.identity import Identity

said = TokenClaims(template=lambda values: {"jti": values["token_id"]})

def token_id():
    return said.values_for(Identity(subject="u-17"))["token_id"]

print(token_id(), flush=True)
for _ in range(2):
    child = os.fork()
    if not child:
        print(token_id(), token_id(), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
print(token_id())
"""


@pytest.mark.requirement("R33")
def test_workers_that_come_from_one_process_never_make_the_same_id() -> None:
    told = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", FORKS], capture_output=True, text=True, check=True
    ).stdout.split()

    assert len(told) == len(set(told)) == 6


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


def test_a_template_is_merged_object_by_object() -> None:
    base = {"sub": "{email}", "ti": {"udn": "{name}", "uem": "{email}"}, "meta": "x"}

    result = merged(base, {"ti": {"udn": "{subject}", "uem": None}, "meta": {"a": 1}, "new": 1})

    assert result == {"sub": "{email}", "ti": {"udn": "{subject}"}, "meta": {"a": 1}, "new": 1}
    assert base == {"sub": "{email}", "ti": {"udn": "{name}", "uem": "{email}"}, "meta": "x"}
