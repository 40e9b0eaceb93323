"""Every spelling of an address has one answer, and none of them is a way around the login."""

import pytest

from .acme import ADA, APIFUSE_SECRET, PANDIUM_SECRET, SCRIPT
from .corpus import Case, read
from .service import Answer, Client, request
from .vendor import arrive, carries_a_token

PATHS = read("paths.txt")
PAGES = {
    "marketplace": ("https://imp.pandium.io/acme", PANDIUM_SECRET, "tenant"),
    "install": ("https://imp.pandium.com/acme/tenants/create/1121", PANDIUM_SECRET, "tenant"),
    "apifuse": ("https://acme.apifuse.io", APIFUSE_SECRET, "jwt"),
    "listing": ("https://acme.apifuse.io/listing/64b7f0c2a1", APIFUSE_SECRET, "jwt"),
}


def of(*verdicts: str) -> list[Case]:
    return [case for case in PATHS if case.verdict in verdicts]


@pytest.mark.requirement("R43")
def test_an_address_and_its_equals_lead_to_the_same_page(client: Client) -> None:
    for case in of(*PAGES):
        address, key, parameter = PAGES[case.verdict]

        answer = client.get(case.data, *ADA)

        assert answer.status == 307, case.place
        arrival = arrive(answer["Location"], key=key, parameter=parameter)
        assert arrival.address.removesuffix("/") == address, case.place
        assert arrival.parameters == {}, case.place


@pytest.mark.requirement("R25", "R43")
def test_the_same_spellings_want_the_same_session(client: Client) -> None:
    for case in of(*PAGES):
        answer = client.get(case.data, SCRIPT)

        assert answer.status == 401, case.place
        assert not carries_a_token(answer), case.place


@pytest.mark.requirement("R43")
def test_a_path_that_only_looks_like_an_address_is_not_found(client: Client) -> None:
    for case in of("404"):
        for fields in (ADA, (*ADA, SCRIPT)):
            answer = client.get(case.data, *fields)

            assert answer.status == 404, f"{case.place}: {answer.status}"
            assert_nothing_is_given(answer, case)


@pytest.mark.requirement("R25", "R43")
def test_a_path_that_only_looks_like_an_address_does_not_bypass_the_login(client: Client) -> None:
    for case in of("404"):
        for fields in ((SCRIPT,), ()):
            answer = client.get(case.data, *fields)

            # Whether an id is one may be told before or after who asks.
            assert answer.status in {401, 404}, f"{case.place}: {answer.status}"
            assert_nothing_is_given(answer, case)


@pytest.mark.requirement("R43")
def test_an_invalid_path_is_refused(client: Client) -> None:
    for case in of("4xx"):
        answer = client.exchange(request(case.data, *ADA))

        assert 400 <= answer.status < 500, f"{case.place}: {answer.status}"
        assert_nothing_is_given(answer, case)


def assert_nothing_is_given(answer: Answer, case: Case) -> None:
    assert answer.get("Location") is None, case.place
    assert not carries_a_token(answer), case.place


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(
    "target",
    [
        "/pandium-sso?/livez",
        "/pandium-sso?path=/livez",
        "/pandium-sso?x=/oauth2/callback",
        "/pandium-sso?skip_auth=1",
        "/pandium-sso?access_token=root",
        "/pandium-sso?X-Forwarded-User=root",
        "/pandium-sso?user=root&email=root@acme.example",
        "/pandium-sso?x=.css",
        "/pandium-sso?.js",
        "/pandium-sso#/livez",
        "/pandium-sso#.css",
        "/pandium-sso/install/1121?/readyz",
        "/apifuse-sso?/healthz",
        "/apifuse-sso/listing/livez",
        "/apifuse-sso/listing/version?/version",
    ],
)
def test_no_path_query_or_fragment_is_exempt(client: Client, target: str) -> None:
    answer = client.get(target, SCRIPT)

    assert answer.status in {400, 401, 404}
    assert not carries_a_token(answer)


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(
    "agent",
    [
        "kube-probe/1.31",
        "ELB-HealthChecker/2.0",
        "GoogleHC/1.0",
        "GoogleStackdriverMonitoring-UptimeChecks",
        "Prometheus/3.0",
        "Blackbox Exporter/0.25",
        "Consul Health Check",
        "oauth2-proxy",
        "Googlebot/2.1",
        "curl/8.11.0",
        "",
    ],
)
@pytest.mark.parametrize("target", ["/pandium-sso", "/apifuse-sso"])
def test_no_user_agent_is_exempt(client: Client, target: str, agent: str) -> None:
    answer = client.get(target, f"User-Agent: {agent}", "Accept: */*")

    assert answer.status == 401
    assert not carries_a_token(answer)


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(
    "field",
    [
        "X-Forwarded-For: 127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "X-Original-URL: /livez",
        "X-Rewrite-URL: /livez",
        "X-Forwarded-Uri: /livez",
        "X-Forwarded-Method: OPTIONS",
        "X-HTTP-Method-Override: HEAD",
        "Origin: https://app.acme.example",
        "Referer: https://app.acme.example/",
        "Upgrade-Insecure-Requests: 1",
        "X-Requested-With: XMLHttpRequest",
        "Authorization: Basic Og==",
        "Cookie: _oauth2_proxy=",
        "Range: bytes=0-0",
        "If-None-Match: *",
        "Expect: 100-continue",
        "Max-Forwards: 0",
    ],
)
def test_no_other_header_is_a_session(client: Client, field: str) -> None:
    answer = client.get("/pandium-sso", field, SCRIPT)

    assert answer.status == 401
    assert not carries_a_token(answer)
