"""What scripts on other origins may ask, and what they may read."""

import pytest

from tests.in_process import Client, MakeClient
from tests.samples import ADA, PANDIUM, PROXY

HOST = "https://app.acme.example"
OTHER = "https://b.acme.example:8443"
SCRIPT = {"Accept": "application/json", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
PREFLIGHT = {
    "Origin": HOST,
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "authorization",
}
OPENED = ("/pandium-sso", "/pandium-sso/session", "/pandium-sso/embed.js")
STRANGERS = [
    "null",
    "",
    "*",
    "http://app.acme.example",
    "https://app.acme.example:443",
    "https://app.acme.example/",
    "https://APP.acme.example",
    "https://app.acme.example.evil.example",
    "https://evil.example",
    "https://b.acme.example",
    f"{HOST}, {HOST}",
]


@pytest.fixture
def service(client: MakeClient) -> Client:
    return client(PROXY, PANDIUM, SSO_HOST_ORIGINS=f"{HOST},{OTHER}")


@pytest.mark.requirement("R39")
@pytest.mark.parametrize("origin", [HOST, OTHER])
@pytest.mark.parametrize("path", OPENED)
def test_a_preflight_of_the_host_gets_fixed_lists(
    service: Client, path: str, origin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = service.simulate_options(path, headers={**ADA, **PREFLIGHT, "Origin": origin})

    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-methods"] == "GET"
    assert answer.headers["access-control-allow-headers"] == "Accept, Authorization"
    assert int(answer.headers["access-control-max-age"]) <= 600
    assert "Origin" in answer.headers["vary"]
    assert "sign_on" not in capsys.readouterr().out


APPDIRECT = {
    "SSO_AUTHENTICATORS": "appdirect",
    "AUTH_APPDIRECT_TENANTS": "ACME",
    "AUTH_APPDIRECT_JWKS_URL": "https://marketplace.acme.example/keys",
}


@pytest.mark.requirement("R39")
@pytest.mark.parametrize(
    ("variables", "allowed"),
    [
        ({}, "Accept, Authorization"),
        ({"AUTH_APPDIRECT_HEADER": "MP-Authorization"}, "Accept, Authorization, mp-authorization"),
        ({"AUTH_APPDIRECT_HEADER": "AUTHORIZATION"}, "Accept, Authorization"),
        ({"AUTH_APPDIRECT_COOKIE": "token"}, "Accept, Authorization"),
    ],
)
def test_a_preflight_allows_the_header_that_a_script_brings_its_token_in(
    client: MakeClient, variables: dict[str, str], allowed: str
) -> None:
    service = client(APPDIRECT, PANDIUM, variables, SSO_HOST_ORIGINS=HOST)

    answer = service.simulate_options("/pandium-sso", headers=PREFLIGHT)

    assert answer.headers["access-control-allow-headers"] == allowed


@pytest.mark.requirement("R39")
def test_a_preflight_allows_no_header_that_a_login_proxy_writes(client: MakeClient) -> None:
    google = {"SSO_AUTHENTICATORS": "google-iap", "AUTH_GOOGLE_IAP_AUDIENCE": "/projects/1"}
    service = client(google, PANDIUM, SSO_HOST_ORIGINS=HOST)

    answer = service.simulate_options("/pandium-sso", headers=PREFLIGHT)

    assert answer.headers["access-control-allow-headers"] == "Accept, Authorization"


@pytest.mark.requirement("R31", "R39")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": HOST},
        {"Access-Control-Request-Method": "GET"},
        {**PREFLIGHT, "Access-Control-Request-Method": "POST"},
        {**PREFLIGHT, "Access-Control-Request-Method": "get"},
        *({**PREFLIGHT, "Origin": origin} for origin in STRANGERS),
    ],
)
def test_any_other_options_is_a_method_that_there_is_not(
    service: Client, headers: dict[str, str]
) -> None:
    for path in OPENED:
        answer = service.simulate_options(path, headers={**ADA, **headers})

        assert answer.status_code == 405
        assert answer.headers["allow"] == ("GET, HEAD" if path.endswith(".js") else "GET")
        assert "access-control-allow-methods" not in answer.headers
        assert "Origin" in answer.headers["vary"]


@pytest.mark.requirement("R39")
@pytest.mark.parametrize("site", ["same-site", "cross-site"])
@pytest.mark.parametrize("path", OPENED)
def test_a_script_of_the_host_may_read_the_answer(service: Client, path: str, site: str) -> None:
    headers = {**SCRIPT, "Origin": HOST, "Sec-Fetch-Site": site}

    answer = service.simulate_get(path, headers={**ADA, **headers})

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == HOST
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers["vary"]


@pytest.mark.requirement("R39")
def test_a_script_of_the_host_may_read_why_it_was_refused(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso/session", headers={**SCRIPT, "Origin": HOST})

    assert answer.status_code == 401
    assert answer.json["code"] == "no_session"
    assert answer.headers["access-control-allow-origin"] == HOST


@pytest.mark.requirement("R39")
@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("path", OPENED)
def test_nobody_else_may(service: Client, path: str, origin: str) -> None:
    headers = {**SCRIPT, "Origin": origin, "Sec-Fetch-Site": "same-site"}

    answer = service.simulate_get(path, headers={**ADA, **headers})

    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    assert "Origin" in answer.headers["vary"]


@pytest.mark.requirement("R39")
def test_a_redirect_is_not_opened(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers={**ADA, "Origin": HOST})

    assert answer.status_code == 307
    assert "access-control-allow-origin" not in answer.headers
    assert "Origin" in answer.headers["vary"]


@pytest.mark.requirement("R39")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/version", "/metrics", "/x"])
def test_nothing_else_of_the_service_is_opened(service: Client, path: str) -> None:
    plain = service.simulate_get(path, headers={"Origin": HOST})
    preflight = service.simulate_options(path, headers=PREFLIGHT)

    assert preflight.status_code in {404, 405}
    for answer in (plain, preflight):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
