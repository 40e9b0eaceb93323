"""From a sample to a row that signs on."""

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from app.cli.learn_row import learnt, toml
from app.destinations.destination import Destination
from app.destinations.row_keys import key_prefix
from app.identity import Identity
from app.testing import IssuerKey
from app.tokens.jws import read
from tests.cli.command_line import run
from tests.destinations.example_rows import EXAMPLE, KEYS
from tests.in_process import Load
from tests.samples import NOW, PROXY

ADA = Identity(
    subject="u-17",
    email="ada@acme.example",
    name="Ada Lovelace",
    given_name="Ada",
    family_name="Lovelace",
    org_id="o-1",
    org_name="Acme",
    groups=("a", "b"),
    claims={"locale": "en-GB"},
)
IDS = {"guid": "01234567-89ab-cdef-0123-456789abcdef"}
PARAMETERS = {"nonce": "no-1", "state": "st-1"}
SAMPLES = [
    *("acme", "blendr", "zendesk", "canny", "featurebase", "uservoice", "readme", "helpscout"),
    *("metabase", "nolt", "mintlify", "workato", "cobrowse", "freshworks", "prismatic"),
    *("zendesk-messaging", "tableau", "sigma", "jaas", "bytechef", "metabase-sdk", "superset"),
    *("n8n", "lightdash", "paragon", "intercom"),
]

TO_BE_CORRECTED = {
    "workato": ["sub"],  # composed of three values
    "jaas": ["sub", "room"],  # names the tenant, not the user
    "prismatic": ["organization"],  # the vendor's id of the host, not the customer's name
    "freshworks": ["nonce"],
}
"""Claims that a name and a value do not give away."""


@pytest.fixture(scope="module")
def vendors() -> dict[str, Destination]:
    with pytest.MonkeyPatch.context() as environment:
        keys = {f"{key_prefix(name)}KEY": key for name, key in KEYS.items()}
        for name, value in {**PROXY, **keys, "SSO_DESTINATIONS_FILE": str(EXAMPLE)}.items():
            environment.setenv(name, value)
        from app.server.loading import load  # noqa: PLC0415 - the fixture of that name is for one test

        config = load(now=lambda: NOW)
    return {each.name: each for each in reversed(config.destinations)}


async def sample_of(vendor: Destination) -> tuple[str, dict[str, Any]]:
    """Return what a developer of the vendor's customer has: an address, or a token; and claims."""
    parameters = {name: PARAMETERS[name] for name in vendor.parameters if name in PARAMETERS}
    statement = vendor.statement(ADA, IDS, parameters)
    issued = await vendor.issue(statement)
    handoff = vendor.handoff(issued, IDS, parameters)
    redirected = handoff.delivery == "redirect"
    return (handoff.url if redirected else issued.token), statement.claims


@pytest.mark.parametrize("name", SAMPLES)
async def test_the_row_that_is_learnt_signs_on_as_the_sample_does(
    load: Load, tmp_path: Path, vendors: dict[str, Destination], name: str
) -> None:
    sample, claims = await sample_of(vendors[name])
    file = tmp_path / "rows.toml"
    file.write_text(learnt(sample, "learnt").text())

    variables = {"SSO_DESTINATIONS_FILE": str(file), "DESTINATION_LEARNT_KEY": KEYS[name]}
    (row,) = load(PROXY, variables, now=lambda: NOW).destinations

    minted, again = await sample_of(row)
    assert read(row.sign(again)).header == read(vendors[name].sign(claims)).header
    for each in (again, claims):
        each.pop("jti", None)
    # Who issued the sample has set its iat back in another way, or has none beside exp.
    left_out = {"iat", "nbf", "exp", "expires", *TO_BE_CORRECTED.get(name, ())}
    assert {k: v for k, v in again.items() if k not in left_out} == {
        k: v for k, v in claims.items() if k not in left_out
    }
    assert again.keys() == claims.keys()
    if sample.startswith("https://"):
        assert (
            minted.partition("?")[0].partition("ey")[0]
            == (sample.partition("?")[0].partition("ey")[0])
        )


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    key = IssuerKey("HS256", secret=b"0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    return key.sign(claims, {"typ": "JWT", "kid": None, **(header or {})})


def test_each_guess_has_a_comment_and_the_key_its_variable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sample = token(
        iat=1_800_000_000,
        exp=1_800_000_600,
        sub="ada@acme.example",
        plan="gold {x}",
        since=1_700_000_000,
        aud="market",
        data={"user_id": "u-17", "nothing": None},
    )

    status, out, _ = run(
        capsys, "learn", f"https://m.example/in?a=1&t={sample}&b=2", "--name", "my-vendor"
    )

    row = tomllib.loads(out)["my-vendor"]
    assert status == 0
    assert row["address"] == "https://m.example/in?a=1&b=2"
    assert (row["parameter"], row["algorithm"], row["lifetime_seconds"]) == ("t", "HS256", 600)
    assert row["claims"] == {
        "iat": "{issued_at}",
        "exp": "{expires_at}",
        "sub": "{email}",
        "plan": "gold {{x}}",
        "since": 1_700_000_000,
        "aud": "market",
        "data": {"user_id": "{subject}"},
    }
    assert "lifetime_seconds = 600  # exp - iat of the sample" in out
    assert "since = 1700000000  # looks like a time" in out
    assert 'aud = "market"  # the same for everybody' in out
    assert "# DESTINATION_MY_VENDOR_KEY: the secret" in out


def test_an_issuer_with_an_address_is_no_user_and_a_header_has_what_a_row_may_have() -> None:
    service = "signer@project.iam.example"
    sample = token({"kid": "", "note": "a\x01", "x": "y"}, iss=service, aud=service, sub="u-17")

    row = learnt(sample, "acme").row

    assert row["claims"] == {"iss": service, "aud": service, "sub": "{subject}"}
    assert row["header"] == {"x": "y"}


def test_a_sample_may_come_from_standard_input_and_be_a_token_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f" {token(exp=1, sub='u')}\n"))

    _, out, _ = run(capsys, "learn")

    row = tomllib.loads(out)["vendor"]
    assert row["lifetime_seconds"] == 300
    assert "not in the sample" in out


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("https://m.example/in/TOKEN/x?a=1", {"address": "https://m.example/in/{token}/x?a=1"}),
        (
            "https://m.example/TOKEN#theme=dark",
            {"address": "https://m.example/{token}", "fragment": "theme=dark"},
        ),
        ("https://m.example/#TOKEN", {"address": "https://m.example/", "fragment": "{token}"}),
        ("https://m.example/?%3Ajwt=TOKEN", {"address": "https://m.example/", "parameter": ":jwt"}),
        ("https://m.example/ TOKEN", {"address": "https://m.example/", "parameter": "jwt"}),
    ],
)
def test_the_place_of_the_token_is_learnt(place: str, expected: dict[str, str]) -> None:
    found = learnt(place.replace("TOKEN", token(sub="u")), "x").row

    assert {key: found[key] for key in ("address", "parameter", "fragment") if key in found} == (
        expected
    )


def test_the_header_is_learnt_but_not_what_leads_to_keys() -> None:
    header = {"kid": "app_1", "iss": "c", "typ": "at+jwt", "jku": "https://evil.example/", "n": 1}

    found = learnt(token(header, sub="u"), "x")

    assert found.row["header"] == {"kid": "app_1", "iss": "c", "typ": "at+jwt"}
    assert "# the vendor's" in found.text()


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("", "there is no token in it"),
        ("https://m.example/?a=1", "there is no token in it"),
        ("eyJhbGciOiJIUzI1NiJ9.e30x.x", "three parts"),
        (token({"alg": "none"}, sub="u"), "its algorithm is 'none'; rows sign with HS256"),
        (token({"alg": "PS512"}, sub="u"), "its algorithm is 'PS512'"),
    ],
)
def test_what_no_row_makes_is_not_learnt(
    capsys: pytest.CaptureFixture[str], sample: str, words: str
) -> None:
    status, out, err = run(capsys, "learn", sample)

    assert (status, out) == (1, "")
    assert words in err


def test_the_sample_stands_beside_what_the_row_mints(capsys: pytest.CaptureFixture[str]) -> None:
    sample = token(sub="u-17", email="a@b.example", other="c@d.example", jti="1", x=None, n=[1])

    status, out, _ = run(capsys, "learn", sample, "--against", "mint")

    lines = {line.split()[0]: line for line in out.splitlines()}
    assert status == 0
    assert lines["sub"].split() == ["sub", "yes", '"u-17"', "->", '"u-17"']
    assert " yes " in lines["other"]
    assert " yes " in lines["email"]
    assert " no " in lines["jti"]
    assert lines["x"].endswith("null -> (none)")


def test_a_user_whom_no_identity_can_be_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "learn", token(sub=" blank "), "--against", "mint")

    assert status == 1
    assert "the sample's user cannot sign on" in err


def test_toml_is_what_it_was() -> None:
    value = {"a b": [1, True, 1.5, {}, {"c": 'x"\\\x7f\n'}]}

    assert tomllib.loads(f"v = {toml(value)}")["v"] == value
    assert json.loads(json.dumps(value)) == value
