import pytest

from tests.in_process import Load, problems
from tests.samples import PANDIUM, PROXY


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
    ],
)
def test_a_wrong_variable_is_named(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, PANDIUM, variables)[variable]


def test_a_log_level_may_be_in_capitals(load: Load) -> None:
    assert load(PROXY, PANDIUM, SSO_LOG_LEVEL="WARNING").service.log_level == "warning"


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PANDIUM_FORWARD_PARAMETERS", "*"),
        ("PANDIUM_ALLOWED_GROUPS", "staff,*"),
        ("SSO_REQUIRED_GROUPS", "eng-*"),
        ("AUTH_CORP_AUDIENCE", "*"),
        ("AUTH_CORP_ISSUER", "https://login.acme.example/*"),
        ("AUTH_CORP_TOKEN_TYPE", "*"),
    ],
)
def test_a_pattern_in_a_list_of_names_is_a_problem(load: Load, variable: str, value: str) -> None:
    corp = {
        "SSO_AUTHENTICATORS": "corp=jwt",
        "AUTH_CORP_HEADER": "X-Token",
        "AUTH_CORP_ISSUER": "login",
        "AUTH_CORP_AUDIENCE": "sso",
        "AUTH_CORP_ALGORITHMS": "ES256",
        "AUTH_CORP_JWKS_URL": "https://login.acme.example/jwks.json",
    }

    found = problems(load, corp, PANDIUM, **{variable: value})

    assert list(found) == [variable]
    assert "nothing is matched by a pattern; write each name out" in found[variable]
