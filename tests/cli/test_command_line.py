import io
import json
import runpy
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

from app.testing import IssuerKey
from tests.cli.command_line import run
from tests.in_process import Load, token_of, vendor_reads
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM, PANDIUM_SECRET, PROXY

INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'
ADA = ("--subject", "u-17", "--email", "ada@acme.example")


@pytest.fixture(autouse=True)
def configuration(load: Load) -> None:
    load(PROXY, PANDIUM, APIFUSE, PANDIUM_INTEGRATIONS=INTEGRATIONS)


def minted(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    status, out, _ = run(capsys, "mint", *arguments, "--json")
    assert status == 0
    loaded: dict[str, Any] = json.loads(out)
    return loaded


def test_mint_shows_what_the_marketplace_gets(capsys: pytest.CaptureFixture[str]) -> None:
    result = minted(capsys, "pandium", *ADA)

    assert result["header"] == {"alg": "HS256", "typ": "JWT"}
    assert result["url"] == f"https://imp.pandium.io/acme?tenant={result['token']}#"
    claims = vendor_reads(result["token"], PANDIUM_SECRET)
    assert claims == result["claims"]
    assert set(claims) == {"iat", "jti", "sub", "external_id", "ti"}


def test_mint_shows_what_the_install_page_gets(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("--page", "install", "--integration-id", "1121")

    result = minted(capsys, "pandium", *ADA, *arguments)

    assert result["claims"]["ti"]["xti"] == {
        "connector_name": "gwt",
        "integration_name": "gwt2hs",
    }
    assert "/acme/tenants/create/1121?tenant=" in result["url"]


def test_mint_shows_what_apifuse_gets(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("--given-name", "Ada", "--family-name", "Lovelace")

    result = minted(capsys, "apifuse", *ADA, *names, "--page", "listing", "--listing-id", "l-1")

    claims = vendor_reads(token_of(result["url"], "jwt"), APIFUSE_SECRET)
    assert claims["user"] == {
        "externalId": "u-17",
        "firstname": "Ada",
        "lastname": "Lovelace",
        "email": "ada@acme.example",
    }
    assert result["url"].startswith("https://acme.apifuse.io/listing/l-1?jwt=")


def test_mint_takes_claims_of_the_host_session(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANDIUM_CLAIMS", '{"meta": {"plan": "{claims.plan}", "in": "{groups}"}}')

    more = ("--claim", "plan=gold=1", "--group", "a", "--group", "b", "--org-id", "o-1")
    result = minted(capsys, "pandium", *ADA, *more, "--org-name", "Acme", "--name", "Ada")

    assert result["claims"]["meta"] == {"plan": "gold=1", "in": ["a", "b"]}
    assert result["claims"]["ti"]["aid"] == "o-1"


def test_mint_is_readable_too(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "mint", "pandium", *ADA)

    assert status == 0
    assert 'header  {"alg": "HS256", "typ": "JWT"}' in out
    assert '"sub": "ada@acme.example"' in out
    assert "address https://imp.pandium.io/acme?tenant=" in out


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("pandium", "--subject", "u-17"), 1, "sub: the identity has no"),
        (("pandium", "--subject", ""), 2, "subject is not 1 to 255"),
        (("pandium", *ADA, "--claim", "plan"), 2, "is not name=value"),
        (("pandium", *ADA, "--claim", "a=1", "--claim", "a=2"), 2, "--claim a is given twice"),
        (("pandium", *ADA, "--page", "install"), 2, "install needs --integration-id"),
        (("pandium", *ADA, "--integration-id", "1121"), 2, "marketplace has no --integration-id"),
        (
            ("pandium", *ADA, "--page", "install", "--integration-id", "9"),
            1,
            "integration_id is not offered",
        ),
        (("zendesk", *ADA), 2, "configured are pandium --page marketplace, pandium --page install"),
        (("pandium", *ADA, "--page", "x"), 2, "no such destination or page"),
        (("pandium",), 2, "--subject"),
    ],
)
def test_mint_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, words: str
) -> None:
    ended, out, err = run(capsys, "mint", *arguments)

    assert ended == status
    assert words in err
    assert out == ""


def test_inspect_accepts_what_mint_gave(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ("pandium", *ADA),
        ("pandium", *ADA, "--page", "install", "--integration-id", "1121"),
        ("apifuse", *ADA),
    ):
        result = minted(capsys, *arguments)
        for text in (result["token"], result["url"]):
            status, out, _ = run(capsys, "inspect", text, "--json")

            assert status == 0
            finding = json.loads(out)
            assert finding["ok"] is True
            assert finding["claims"] == result["claims"]
            assert finding["objections"] == []


def test_inspect_names_what_is_wrong_with_a_damaged_token(
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = minted(capsys, "pandium", *ADA)["token"]
    header, claims, signature = token.split(".")

    for damaged, words in (
        (f"{header}.{claims}", "not three parts"),
        (f"{header}.{claims}.{signature[::-1]}", "no configured key verifies it"),
        (f"{header}.{claims[1:]}.{signature}", "JSON"),
    ):
        status, out, _ = run(capsys, "inspect", damaged)
        assert status == 1
        assert words in out


def test_inspect_reads_from_its_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = minted(capsys, "pandium", *ADA)["token"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{token}\n"))

    status, out, _ = run(capsys, "inspect", "-")

    assert status == 0
    assert "for     pandium, marketplace: the signature verifies" in out


def test_check_says_what_the_configuration_says(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check")

    assert status == 0
    assert "authenticators  oauth2-proxy" in out
    assert "destination     /pandium-sso -> https://imp.pandium.io/acme" in out
    assert out.endswith("The configuration holds.\n")


def test_check_is_json_for_scripts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, _ = run(capsys, "check", "--json")
    assert status == 0
    assert json.loads(out)["destinations"]["/apifuse-sso"] == "https://acme.apifuse.io"

    monkeypatch.setenv("SSO_LOG_LEVEL", "loud")
    status, out, _ = run(capsys, "check", "--json")
    assert status == 2
    assert json.loads(out)["ok"] is False
    assert json.loads(out)["problems"][0]["variable"] == "SSO_LOG_LEVEL"


@pytest.mark.requirement("R48")
@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_wrong_configuration_ends_with_2_and_names_everything(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("SSO_LOG_LEVEL", "loud")
    monkeypatch.setenv("PANDIUM_SHARED_SECRET", "hush")

    status, out, err = run(capsys, command)

    assert (status, out) == (2, "")
    assert "SSO_LOG_LEVEL should be" in err
    assert "PANDIUM_SHARED_SECRET is 4 bytes long" in err
    assert err.endswith("2 problems: the service does not start\n")
    assert "hush" not in err
    assert "Traceback" not in err


def test_one_problem_is_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSO_LOG_LEVEL", "loud")

    assert run(capsys, "check")[2].endswith("\n1 problem: the service does not start\n")


@pytest.mark.requirement("R63")
@pytest.mark.parametrize("in_a_wheel", [False, True])
def test_serve_becomes_gunicorn(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, in_a_wheel: bool
) -> None:
    becomes: list[list[str]] = []
    environments: list[dict[str, str]] = []

    def execve(_path: str, command: list[str], environment: dict[str, str]) -> NoReturn:
        becomes.append(command)
        environments.append(environment)
        raise SystemExit(0)

    monkeypatch.setattr("app.cli.serve.os.execve", execve)
    monkeypatch.setenv("SSO_BIND", "127.0.0.1:0")
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--bind 0.0.0.0:80 --access-logfile -")
    if in_a_wheel:
        monkeypatch.setattr("app.cli.serve.Path.is_file", lambda _path: False)

    assert run(capsys, "serve")[0] == 0
    ((interpreter, *module, path),) = becomes
    assert interpreter == sys.executable
    assert module == ["-m", "gunicorn", "--config"]
    place = "/app/gunicorn.conf.py" if in_a_wheel else "/config/gunicorn.conf.py"
    assert path.endswith(place)
    assert environments[0]["SSO_BIND"] == "127.0.0.1:0"
    assert "GUNICORN_CMD_ARGS" not in environments[0]


def test_serve_tries_the_address_of_the_metrics_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.serve.os.execve", lambda *_: pytest.fail("it was served"))
    monkeypatch.setenv("SSO_BIND", "127.0.0.1:0")
    monkeypatch.setenv("SSO_METRICS_BIND", "203.0.113.9:9090")

    status, _, problems = run(capsys, "serve")

    assert status == 2
    assert "SSO_METRICS_BIND 203.0.113.9:9090 cannot be listened at" in problems


def test_demo_is_run_with_its_ports(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []

    async def demo(*arguments: Any, **options: Any) -> int:
        called.append((arguments, options))
        return 7

    monkeypatch.setattr("app.demo.run.run", demo)

    status, _, _ = run(capsys, "demo", "--host-port", "1", "--marketplace-port", "2", "--once")
    run(capsys, "demo", "--destinations", "rows.toml")

    assert status == 7
    assert called == [
        ((1, 2), {"once": True, "destinations": None}),
        ((8080, 8090), {"once": False, "destinations": Path("rows.toml")}),
    ]


def test_reference_prints_its_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "reference", "configuration")[1].startswith("# Configuration\n")
    assert "\nSSO_AUTHENTICATORS=oauth2-proxy\n" in run(capsys, "reference", "example-env")[1]
    status, _, err = run(capsys, "reference", "poem")
    assert status == 2
    assert "document should be 'configuration', 'command-line', 'example-env' or 'rows" in err


def test_the_reference_says_what_a_variable_may_be(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "reference", "--json")
    known = {each["variable"]: each for each in json.loads(out)}

    assert status == 0
    assert known["PANDIUM_ENVIRONMENT"]["choices"] == ["production", "sandbox", "demo"]
    for name, values in (
        ("PANDIUM_SECRET_ENCODING", "`raw`, `base64`, `base64url`, `hex`"),
        ("PANDIUM_TOKEN_LIFETIME_SECONDS", "whole number from 1 to 86400"),
        ("SSO_HEAD_TIMEOUT_SECONDS", "number over 0 to 120"),
        ("SSO_LOG_LEVEL", "`debug`, `info`, `warning`, `error`"),
        ("PANDIUM_INTEGRATIONS", "JSON object"),
        ("PANDIUM_ALLOWED_GROUPS", "list, with commas"),
        ("PANDIUM_SHARED_SECRET", "secret"),
        ("SSO_PAGES_FILE", "path of a file or folder"),
        ("PANDIUM_ALLOW_SHORT_SECRET", "`true` or `false`"),
        ("PANDIUM_ACCOUNT", "text"),
        ("SSO_LOGIN_URL", "text"),
    ):
        assert known[name]["values"] == values
        assert f"| `{name}` | {values} |" in run(capsys, "reference", "configuration")[1]
    assert run(capsys, "reference", "configuration", "--json")[1] == out
    assert run(capsys, "reference", "example-env", "--json")[0] == 2


def test_a_variable_of_a_commands_name_means_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECK", '{"as_json": true}')
    monkeypatch.setenv("SERVE", "{}")

    assert run(capsys, "check")[1].endswith("The configuration holds.\n")


def test_without_a_command_the_commands_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys)

    assert (status, out) == (2, "")
    assert "decode and verify a token" in err


def session(load: Load, **claims: Any) -> str:
    """A session token, as the configured application signs it."""
    secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0-of-the-session"
    load(
        PANDIUM,
        SSO_AUTHENTICATORS="oauth2-proxy,corp=session-cookie",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="127.0.0.1",
        AUTH_CORP_SECRET=secret,
        AUTH_CORP_ISSUER="app",
        AUTH_CORP_AUDIENCE="sso",
    )
    usual = {"iss": "app", "aud": "sso", "sub": "u-17", "exp": 4_000_000_000}
    return IssuerKey("HS256", secret=secret.encode()).sign({**usual, **claims})


def test_inspect_says_whom_an_authenticator_takes_a_token_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, load: Load
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(session(load) + "\n"))

    status, out, _ = run(capsys, "inspect", "--authenticator", "corp")

    assert status == 0
    identity = json.loads(out)
    assert (identity["subject"], identity["expires_at"]) == ("u-17", 4_000_000_000)
    assert identity["from"] == {"subject": "sub"}


def test_inspect_says_why_an_authenticator_refuses_a_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, load: Load
) -> None:
    token = session(load, aud="other")
    monkeypatch.setattr(sys, "stdin", io.StringIO(token))

    status, out, err = run(capsys, "inspect", "--authenticator", "corp")

    assert (status, out) == (1, "")
    assert "invalid_session: the token does not hold: it is for another audience" in err
    assert "found 'other', wanted 'sso'" in err
    assert "AUTH_CORP_AUDIENCE" in err
    assert token not in err


@pytest.mark.parametrize("name", ["oauth2-proxy", "nobody"])
def test_inspect_knows_who_reads_no_tokens(
    capsys: pytest.CaptureFixture[str], load: Load, name: str
) -> None:
    token = session(load)

    status, _, err = run(capsys, "inspect", token, "--authenticator", name)

    assert status == 2
    assert f"{name} reads no tokens; those that do: corp" in err


def test_the_package_runs_as_a_module(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["app", "check"])

    with pytest.raises(SystemExit) as end:
        runpy.run_module("app", run_name="__main__")

    assert end.value.code == 0
    assert "destination     /pandium-sso -> " in capsys.readouterr().out


def test_mint_shows_the_fields_that_a_form_posts(
    capsys: pytest.CaptureFixture[str], load: Load, tmp_path: Path
) -> None:
    row = '[desk]\naddress = "https://desk.example/jwt"\ndelivery = "form"\nparameter = "jwt"\n'
    (tmp_path / "rows.toml").write_text(row + 'claims = { iat = "{issued_at}", id = "{subject}" }')
    key = "a-key-of-a-row-0f1e2d3c4b5a69788796a5b4"
    file = str(tmp_path / "rows.toml")
    load(PROXY, SSO_DESTINATIONS_FILE=file, DESTINATION_DESK_KEY=key)

    status, out, _ = run(capsys, "mint", "desk", *ADA)

    address, field = out.splitlines()[-2:]
    assert (status, address) == (0, "address https://desk.example/jwt")
    assert vendor_reads(field.removeprefix("field   jwt="), key)["id"] == "u-17"
