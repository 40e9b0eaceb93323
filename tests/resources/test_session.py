"""Whether somebody is signed in, as a host's page asks it."""

import base64
import json

import pytest

from tests.in_process import MakeClient
from tests.samples import ADA, APIFUSE, NOW, PANDIUM, PROXY

INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'
LOGIN = {
    "SSO_LOGIN_URL": "https://login.acme.example/in",
    "SSO_PUBLIC_URL": "https://app.acme.example",
}


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/pandium-sso", "https://imp.pandium.io"),
        ("/pandium-sso/install/1121", "https://imp.pandium.com"),
        ("/apifuse-sso", "https://acme.apifuse.io"),
        ("/apifuse-sso/listing/hubspot", "https://acme.apifuse.io"),
    ],
)
def test_a_page_learns_that_somebody_is_signed_in_and_whose_messages_to_take(
    client: MakeClient, path: str, origin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    service = client(PROXY, PANDIUM, APIFUSE, PANDIUM_INTEGRATIONS=INTEGRATIONS)

    answer = service.simulate_get(f"{path}/session", headers=ADA)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {"authenticated": True, "expires_at": None, "marketplace_origin": origin}
    assert "sign_on" not in capsys.readouterr().out


def test_it_says_when_the_session_ends(client: MakeClient) -> None:
    userinfo = {"sub": "u", "email": "a@b.example", "exp": int(NOW) + 60}
    service = client(
        PANDIUM, SSO_AUTHENTICATORS="kong-oidc", AUTH_KONG_OIDC_TRUSTED_PROXIES="127.0.0.1"
    )

    payload = base64.b64encode(json.dumps(userinfo).encode()).decode()
    answer = service.simulate_get("/pandium-sso/session", headers={"X-Userinfo": payload})

    assert answer.status_code == 200
    assert answer.json["expires_at"] == int(NOW) + 60


def test_nobody_is_told_where_the_login_is(client: MakeClient) -> None:
    answer = client(PROXY, PANDIUM, LOGIN).simulate_get(
        "/pandium-sso/session", query_string="display=list"
    )

    assert answer.status_code == 401
    assert answer.json["code"] == "no_session"
    assert answer.json["return_parameter"] == "rd"
    assert answer.json["login_url"] == (
        "https://login.acme.example/in"
        "?rd=https%3A%2F%2Fapp.acme.example%2Fpandium-sso%3Fdisplay%3Dlist%26sso_attempt%3D1800000000"
    )


def test_a_refused_session_is_told_as_one(client: MakeClient) -> None:
    answer = client().simulate_get(
        "/pandium-sso/session", headers={**ADA, "X-Forwarded-User": "a,b"}
    )

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_session")
    assert "login_url" not in answer.json


def test_where_visitors_may_look_around_nobody_has_to_sign_in_first(client: MakeClient) -> None:
    service = client(PROXY, APIFUSE, LOGIN, APIFUSE_ANONYMOUS="redirect")

    answer = service.simulate_get("/apifuse-sso/listing/hubspot/session")

    assert answer.status_code == 200
    assert answer.json == {
        "authenticated": False,
        "expires_at": None,
        "login_url": "https://login.acme.example/in"
        "?rd=https%3A%2F%2Fapp.acme.example%2Fapifuse-sso%2Flisting%2Fhubspot%3Fsso_attempt%3D1800000000",
        "return_parameter": "rd",
        "marketplace_origin": "https://acme.apifuse.io",
    }


@pytest.mark.parametrize("headers", [ADA, {}])
def test_a_page_that_there_is_not_has_no_session(
    client: MakeClient, headers: dict[str, str]
) -> None:
    service = client(PROXY, APIFUSE, APIFUSE_ANONYMOUS="redirect")

    answer = service.simulate_get("/apifuse-sso/listing/a.b/session", headers=headers)

    assert answer.status_code == 404


@pytest.mark.parametrize("headers", [ADA, {}])
def test_a_damaged_deep_link_is_told_before_anything_is_framed(
    client: MakeClient, headers: dict[str, str]
) -> None:
    answer = client().simulate_get(
        "/pandium-sso/session", query_string="display=a&display=b", headers=headers
    )

    assert answer.status_code == (400 if headers else 401)
