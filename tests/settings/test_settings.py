import base64
from pathlib import Path

import pytest

from app.settings.problems import InvalidSettings, Problem
from app.settings.secrets import EXAMPLE_SECRET
from tests.in_process import Load, problems
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM, PANDIUM_SECRET, PROXY


def test_both_vendors_can_be_on(load: Load) -> None:
    config = load(PROXY, PANDIUM, APIFUSE)

    assert [destination.route for destination in config.destinations] == [
        "/pandium-sso",
        "/apifuse-sso",
        "/apifuse-sso/listing/{listing_id}",
    ]
    assert list(config.authenticators) == ["oauth2-proxy"]


def test_what_holds_for_all_destinations_reaches_each(load: Load) -> None:
    config = load(
        PROXY, PANDIUM, APIFUSE, SSO_CLOCK_SKEW_SECONDS="7", SSO_MAX_LOCATION_BYTES="4000"
    )

    assert {each.claims.clock_skew_seconds for each in config.destinations} == {7}
    assert {each.target.max_location_bytes for each in config.destinations} == {4000}


def test_secrets_can_be_files(load: Load, tmp_path: Path) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(f"{PANDIUM_SECRET}\n")
    (tmp_path / "unrelated").write_text("x")

    config = load(PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path))

    assert config.secrets == (PANDIUM_SECRET,)


@pytest.mark.requirement("R48")
def test_a_variable_that_is_also_a_file_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(PANDIUM_SECRET)

    found = problems(load, PROXY, PANDIUM, SECRETS_DIR=str(tmp_path))

    assert "in the environment and as a file" in found["PANDIUM_SHARED_SECRET"]


@pytest.mark.requirement("R48")
def test_a_file_that_nothing_reads_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "PANDIUM_SHARD_SECRET").write_text(PANDIUM_SECRET)

    found = problems(load, PROXY, PANDIUM, SECRETS_DIR=str(tmp_path))

    assert "did you mean PANDIUM_SHARED_SECRET?" in found["PANDIUM_SHARD_SECRET"]


@pytest.mark.requirement("R48")
def test_every_problem_is_told_at_once(load: Load) -> None:
    found = problems(
        load,
        SSO_AUTHENTICATORS="oauth2-proxy,corp=nope",
        SSO_LOG_LEVEL="loud",
        SSO_LGO_FORMAT="json",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="*",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXYS="10.0.0.1",
        AUTH_CORP_ISSUER="not looked at: what reads it is not known",
        PANDIUM_ENVIRONMENT="prod",
        APIFUSE_ORG_ID="4711",
        SECRETS_DIR="/no/such/folder",
        WEB_CONCURRENCY="0",
    )

    assert set(found) == {
        "APIFUSE_API_SECRET",
        "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES",
        "AUTH_OAUTH2_PROXY_TRUSTED_PROXYS",
        "PANDIUM_ENVIRONMENT",
        "PANDIUM_SHARED_SECRET",
        "SECRETS_DIR",
        "SSO_AUTHENTICATORS",
        "SSO_LGO_FORMAT",
        "SSO_LOG_LEVEL",
        "WEB_CONCURRENCY",
    }


@pytest.mark.requirement("R48")
def test_an_empty_environment_is_told_what_it_needs(load: Load) -> None:
    found = problems(load)

    assert set(found) == {"SSO_AUTHENTICATORS", "PANDIUM_SHARED_SECRET"}


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({"SSO_BIND": "8000"}, "SSO_BIND", "must be host:port"),
        ({"SSO_BIND": "localhost"}, "SSO_BIND", "must be host:port"),
        ({"SSO_BIND": "unix:relative"}, "SSO_BIND", "or unix:/path"),
        ({"SSO_BIND": "127.0.0.1:65536"}, "SSO_BIND", "port above 65535"),
        ({"SSO_LOGIN_URL": "http://login.example/"}, "SSO_LOGIN_URL", "plain http"),
        ({"SSO_LOGIN_URL": "https://login.example/"}, "SSO_PUBLIC_URL", "is required with"),
        ({"SSO_PUBLIC_URL": "app.example"}, "SSO_PUBLIC_URL", "absolute"),
        ({"SSO_HOST_ORIGINS": "*"}, "SSO_HOST_ORIGINS", "exact origin"),
        ({"SSO_HOST_ORIGINS": "https://a.example,null"}, "SSO_HOST_ORIGINS", "exact origin"),
        ({"SSO_HOST_ORIGINS": "https://a.example/"}, "SSO_HOST_ORIGINS", "as a browser sends"),
        (
            {"SSO_AUTHENTICATION_TIMEOUT_SECONDS": "0"},
            "SSO_AUTHENTICATION_TIMEOUT_SECONDS",
            "greater",
        ),
        ({"SSO_CLOCK_SKEW_SECONDS": "-1"}, "SSO_CLOCK_SKEW_SECONDS", "greater"),
        ({"SSO_LOG_FORMAT": "xml"}, "SSO_LOG_FORMAT", "should be 'json' or 'console'"),
        ({"SSO_MAX_LOCATION_BYTES": "1"}, "SSO_MAX_LOCATION_BYTES", "greater"),
        (
            {"SSO_DESTINATION_FILE": "x"},
            "SSO_DESTINATION_FILE",
            "is not a known variable",
        ),
        ({"DESTINATION_X_KEY": "x"}, "DESTINATION_X_KEY", "is not a known variable"),
        (
            {"APIFUSE_PATH": "/pandium-sso", **APIFUSE},
            "APIFUSE_PATH",
            "is not unique: /pandium-sso belongs to pandium and apifuse",
        ),
        (
            {"APIFUSE_PATH": "/pandium-sso/embed.js", **APIFUSE},
            "PANDIUM_PATH",
            "is not unique: /pandium-sso/embed.js belongs to apifuse and pandium",
        ),
        (
            {"APIFUSE_PATH": "/pandium-sso/session", **APIFUSE},
            "APIFUSE_PATH",
            "is not unique: /pandium-sso/session belongs to pandium and apifuse",
        ),
    ],
)
def test_a_wrong_variable_is_named(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, PANDIUM, variables)[variable]


@pytest.mark.requirement("R35")
def test_two_vendors_do_not_share_a_secret(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, APIFUSE, APIFUSE_API_SECRET=f" {PANDIUM_SECRET}\n")

    assert found == {
        "PANDIUM_SHARED_SECRET": "is the same secret as APIFUSE_API_SECRET; set a different one"
    }


@pytest.mark.requirement("R35")
def test_what_comes_in_and_what_goes_out_do_not_share_a_secret(load: Load) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER="X-S",
        AUTH_OAUTH2_PROXY_PROXY_SECRET=PANDIUM_SECRET,
    )

    assert list(found.values()) == [
        "is the same secret as AUTH_OAUTH2_PROXY_PROXY_SECRET; set a different one"
    ]


@pytest.mark.requirement("R35")
@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("hex", APIFUSE_SECRET.encode().hex()),
        ("base64", base64.b64encode(APIFUSE_SECRET.encode()).decode()),
        ("base64url", base64.urlsafe_b64encode(APIFUSE_SECRET.encode()).decode().rstrip("=")),
    ],
)
def test_a_secret_is_the_same_however_it_is_written(
    load: Load, encoding: str, written: str
) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        APIFUSE,
        PANDIUM_SECRET_ENCODING=encoding,
        PANDIUM_SHARED_SECRET=written,
    )

    assert "is the same secret as" in found["PANDIUM_SHARED_SECRET"]


@pytest.mark.requirement("R48")
def test_a_variable_that_is_not_utf8_is_named(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, {"SSO_\udcff": "x", "PANDIUM_ACCOUNT": "\udcff"})

    assert found == {"SSO_\\udcff": "is not UTF-8", "PANDIUM_ACCOUNT": "is not UTF-8"}


def test_a_log_level_may_be_in_capitals(load: Load) -> None:
    assert load(PROXY, PANDIUM, SSO_LOG_LEVEL="WARNING").service.log_level == "warning"


@pytest.mark.requirement("R48", "R45")
def test_no_secret_is_in_what_is_said_of_it(load: Load) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        PANDIUM_SHARED_SECRET="hush-1",
        AUTH_OAUTH2_PROXY_PROXY_SECRET="hush-2",
        APIFUSE_API_SECRET="hush-3",
        APIFUSE_CONNECTION='{"apikey": "hush-4{"}',
        APIFUSE_CLAIMS='{"apikey": "hush-5',
        PANDIUM_MARKETPLACE_URL="https://user:hush-6@pandium.example/",
        SSO_LOGIN_URL="https://login.example/?key=hush-7#x",
    )

    assert len(found) >= 6
    assert "hush" not in repr(found)


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "unix:/run/x"])
def test_the_examples_secret_works_on_loopback(load: Load, bind: str) -> None:
    assert load(PROXY, PANDIUM, PANDIUM_SHARED_SECRET=EXAMPLE_SECRET, SSO_BIND=bind)


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "[::]:8000", "10.0.0.1:80", "sso.example:80"])
def test_the_examples_secret_works_nowhere_else(load: Load, bind: str) -> None:
    found = problems(load, PROXY, PANDIUM, PANDIUM_SHARED_SECRET=EXAMPLE_SECRET, SSO_BIND=bind)

    assert "is the secret of config/example.env" in found.pop("PANDIUM_SHARED_SECRET")
    assert found == {}


def test_a_settings_error_reads_as_a_sentence() -> None:
    error = InvalidSettings([Problem("B", "is wrong"), Problem("A", "too"), Problem("A", "too")])

    assert str(error) == "A too; B is wrong"


def test_run_secrets_is_read_where_it_exists(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "APIFUSE_API_SECRET").write_text(APIFUSE_SECRET)
    monkeypatch.setattr("app.settings.service.RUN_SECRETS", tmp_path)

    config = load(PROXY, {name: APIFUSE[name] for name in APIFUSE if "SECRET" not in name})

    assert config.secrets == (APIFUSE_SECRET,)
