"""`check` as a page: what is served, to whom, and on whose word."""

import json
import re

import pytest

from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import APIFUSE, PANDIUM, PROXY

LOGINS = {
    "SSO_AUTHENTICATORS": f"oauth2-proxy,corp=oidc,app=introspection,mine={__name__}:mine",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "10.0.3.7/32",
    "AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER": "X-Proxy",
    "AUTH_OAUTH2_PROXY_PROXY_SECRET": "0f1e2d3c4b5a6978-proxy",
    "AUTH_CORP_ISSUER": "https://login.acme.example",
    "AUTH_CORP_AUDIENCE": "sso",
    "AUTH_CORP_REQUIRED_CLAIMS": '{"type": "app"}',
    "AUTH_APP_URL": "https://app.acme.example/api/me",
    "AUTH_APP_FORWARD_COOKIES": "sid",
    "SSO_LOGIN_URL": "https://acme.example/login",
    "SSO_PUBLIC_URL": "https://s.acme.example",
    "SSO_HOST_ORIGINS": "https://app.acme.example",
    "PANDIUM_ALLOWED_GROUPS": "admins,staff",
}

CORP = "tokens signed ES256, PS256, RS256, by https://login.acme.example, for sso, with type 'app'"
PAGE = """
destination     /apifuse-sso/listing/{listing_id} -> https://acme.apifuse.io/listing/{listing_id}
                apifuse, listing: a token signed HS256, ends after 300 s, by redirect
listens on      127.0.0.1:8000
public address  https://s.acme.example
login           https://acme.example/login (comes back in rd, like https://s.acme.example/pandium-sso)
frames of       https://app.acme.example
"""


async def mine(_request: object) -> None:
    """An authenticator of somebody else."""


@pytest.fixture
def everything(load: Load) -> None:
    load(PANDIUM, APIFUSE, LOGINS)


@pytest.mark.usefixtures("everything")
def test_the_page_says_whom_each_login_believes(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "check")

    assert status == 0
    believed = re.findall(r"^ {16}(\S+) believes (.*)$", out, re.MULTILINE)
    assert dict(believed) == {
        "oauth2-proxy": "x-forwarded-user and the like of 10.0.3.7/32, with the secret in x-proxy",
        "corp": CORP,
        "app": "what https://app.acme.example/api/me answers",
        "mine": "what its own code decides",
    }
    assert "0f1e2d3c4b5a6978-proxy" not in out


@pytest.mark.usefixtures("everything")
def test_the_page_says_what_is_served_and_to_whom(capsys: pytest.CaptureFixture[str]) -> None:
    out = run(capsys, "check")[1]

    assert set(PAGE.strip().splitlines()) <= set(out.splitlines())
    assert "no end, by redirect; only PANDIUM_ALLOWED_GROUPS of admins, staff\n" in out
    assert "pandium: its tokens never end; set a lifetime if the vendor reads exp\n" in out


def test_the_page_says_what_it_means_that_something_is_not_set(
    capsys: pytest.CaptureFixture[str], load: Load
) -> None:
    load(PROXY, APIFUSE)

    out = run(capsys, "check")[1]

    assert "login           none: visitors without a session get a 401" in out
    assert "frames of       pages on the service's own origin only" in out
    assert "warning" not in out


def test_a_public_address_without_a_login_is_told(
    capsys: pytest.CaptureFixture[str], load: Load
) -> None:
    load(PROXY, APIFUSE, SSO_PUBLIC_URL="https://sso.acme.example")

    found = json.loads(run(capsys, "check", "--json")[1])

    assert found["service"] == {
        "listens on": "127.0.0.1:8000",
        "public address": "https://sso.acme.example",
        "login": "",
        "frames of": [],
    }
    assert found["warnings"] == [
        "SSO_PUBLIC_URL is set without SSO_LOGIN_URL: nobody is sent to a login"
    ]
