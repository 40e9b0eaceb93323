"""`mint` and `inspect` show what is really sent, and ask for nothing that they do not need."""

import json
import logging
from pathlib import Path

import pytest

from app.cli.inspect_token import inspect
from app.tokens.jws import hmac_key, sign
from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM

ADA = ("--subject", "u-17", "--email", "ada@acme.example")
KEY = "a-key-of-a-row-0f1e2d3c4b5a69788796a5b4"
ROW = """
[desk]
address = "https://desk.example/jwt"
delivery = "form"
parameter = "jwt"
claims = { id = "{subject}", nonce = "{parameter.nonce}" }
[desk.parameters]
state = { pattern = "^[a-z]{1,9}$" }
nonce = { pattern = "^[a-z]{1,9}$", forward = false }

[sdk]
address = "https://sdk.example/"
delivery = "json"
answer = { jwt = "{token}" }
claims = { iat = "{issued_at}", id = "{subject}" }

[api]
address = "https://api.example/"
delivery = "json"
parameter = "jwt"
claims = { id = "{subject}" }
"""


@pytest.fixture
def rows(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """A configuration without any authenticator."""
    (tmp_path / "rows.toml").write_text(ROW)
    file = {"SSO_DESTINATIONS_FILE": str(tmp_path / "rows.toml")}
    keys = {f"DESTINATION_{name}_KEY": f"{KEY}-{name}" for name in ("DESK", "SDK", "API")}
    for name, value in {**PANDIUM, **APIFUSE, **file, **keys}.items():
        monkeypatch.setenv(name, value)
    return load


@pytest.mark.usefixtures("rows")
def test_mint_and_inspect_need_no_authenticator(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "mint", "pandium", *ADA, "--json")
    assert status == 0

    assert run(capsys, "inspect", json.loads(out)["url"])[0] == 0
    assert "SSO_AUTHENTICATORS is required" in run(capsys, "check")[2]


@pytest.mark.usefixtures("rows")
def test_a_half_written_login_is_no_matter_to_mint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSO_AUTHENTICATORS", "oidc")
    monkeypatch.setenv("AUTH_OIDC_AUDIENCE", "sso")

    assert run(capsys, "mint", "pandium", *ADA)[0] == 0
    assert run(capsys, "check")[0] == 2


@pytest.mark.usefixtures("rows")
def test_mint_forwards_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    deep = ("--parameter", "integration_id=1121", "--parameter", "display=a b&c")

    _, out, _ = run(capsys, "mint", "pandium", *ADA, *deep, "--json")

    assert "/acme?integration_id=1121&display=a+b%26c&tenant=" in json.loads(out)["url"]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("display=x", "display=y"), 1, "display is repeated"),
        (("display=",), 1, "display has an invalid value"),
        (("tenant=x",), 2, "--parameter tenant is dropped by this page; it takes integration_id"),
        (("display",), 2, "--parameter 'display' is not name=value"),
    ],
)
def test_mint_says_what_is_wrong_with_a_parameter(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, words: str
) -> None:
    options = [word for each in arguments for word in ("--parameter", each)]

    ended, out, err = run(capsys, "mint", "pandium", *ADA, *options)

    assert (ended, out) == (status, "")
    assert words in err


@pytest.mark.usefixtures("rows")
def test_a_page_without_parameters_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = run(capsys, "mint", "apifuse", *ADA, "--parameter", "x=1")

    assert "it takes none" in err


@pytest.mark.usefixtures("rows")
def test_a_form_is_shown_as_a_form(capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--parameter", "state=abc", "--parameter", "nonce=xyz")
    _, out, _ = run(capsys, "mint", "desk", *ADA, *more)
    *_, how, address, state, token = out.splitlines()

    assert "POST" in how
    assert address == "address https://desk.example/jwt"
    assert state == "field   state=abc"
    assert token.startswith("field   jwt=ey")
    assert '"nonce": "xyz"' in out

    minted = json.loads(run(capsys, "mint", "desk", *ADA, *more, "--json")[1])
    assert minted["delivery"] == "form"
    assert minted["fields"] == {"state": "abc", "jwt": minted["token"]}


@pytest.mark.usefixtures("rows")
def test_what_a_script_gets_is_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    minted = json.loads(run(capsys, "mint", "sdk", *ADA, "--json")[1])
    assert minted["answer"] == {"jwt": minted["token"]}
    assert "answer  {" in run(capsys, "mint", "sdk", *ADA)[1]

    minted = json.loads(run(capsys, "mint", "api", *ADA, "--json")[1])
    assert minted["fields"] == {"jwt": minted["token"]}
    assert "field   jwt=" in run(capsys, "mint", "api", *ADA)[1]


@pytest.mark.usefixtures("rows")
def test_inspect_asks_for_no_time_that_a_row_does_not_have(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("desk", "sdk", "api"):
        token = json.loads(run(capsys, "mint", name, *ADA, "--json")[1])["token"]
        assert run(capsys, "inspect", token)[:2] == (0, run(capsys, "inspect", token)[1])
    without = sign({"id": "u-17"}, hmac_key(f"{KEY}-SDK".encode()))
    status, out, _ = run(capsys, "inspect", without)
    assert status == 1
    assert "wrong   iat is missing" in out


def test_inspect_asks_for_every_time_that_apifuse_demands(load: Load) -> None:
    config = load(
        APIFUSE, SSO_AUTHENTICATORS="oauth2-proxy", AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="::1"
    )
    claims = {"iat": 1, "orgId": "4711", "user": {"externalId": "u"}}
    token = sign(claims, hmac_key(APIFUSE_SECRET.encode()))

    assert inspect(token, config.destinations, now=9).objections == (
        "nbf is missing",
        "exp is missing",
    )


def test_what_is_logged_stays_out_of_the_output(
    capsys: pytest.CaptureFixture[str], load: Load
) -> None:
    import structlog  # noqa: PLC0415 - as any module of the service would

    load(PANDIUM, SSO_AUTHENTICATORS="oauth2-proxy", AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="::1")
    run(capsys, "mint", "pandium", *ADA)

    structlog.get_logger("marketplace_sso").warning("keys are fetched")
    logging.getLogger("x").warning("too")

    out, err = capsys.readouterr()
    assert out == ""
    assert "keys are fetched" in err
