"""What a first event is an increase of, and what refusals are counted under."""

from typing import Any

import jwt
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.errors import Cause
from app.telemetry import metrics
from tests.in_process import Client, MakeClient
from tests.samples import ADA, NOW, PANDIUM, PROXY

SECRET = "acme-session-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
JWT = {
    "SSO_AUTHENTICATORS": "jwt",
    "AUTH_JWT_COOKIE": "acme",
    "AUTH_JWT_SECRET": SECRET,
    "AUTH_JWT_ALGORITHMS": "HS256",
    "AUTH_JWT_ISSUER": "https://login.acme.example",
    "AUTH_JWT_AUDIENCE": "marketplace",
}
HOLDS = {
    "sub": "u-17",
    "email": "ada@acme.example",
    "iss": "https://login.acme.example",
    "aud": "marketplace",
    "exp": NOW + 600,
}


def values(service: Client) -> dict[tuple[str, ...], float]:
    """Return the samples by their name and labels."""
    text = service.simulate_get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.requirement("R45")
def test_every_counter_of_a_page_is_there_before_the_first_event(client: MakeClient) -> None:
    names = {"PANDIUM_INTEGRATIONS": '{"1121": {"connector_name": "a", "integration_name": "b"}}'}
    before = values(client(PROXY, PANDIUM, names))

    for page in ("marketplace", "install"):
        assert ("sso_sign_ons_total", *sorted(("", "pandium", page, "signed_on"))) in before
        assert any(
            {"pandium", page, "refused", "internal_error"} <= set(labels) for labels in before
        )
    for outcome in metrics.OUTCOMES:
        assert ("sso_session_checks_total", *sorted(("pandium", outcome))) in before
    for outcome in ("good", "failed"):
        assert ("sso_key_set_fetches_total", outcome) in before
    assert ("sso_untrusted_peers_total", "oauth2-proxy") in before
    for cause in set(Cause) - {Cause.UNTRUSTED_PEER}:
        assert ("sso_refusals_total", *sorted(("invalid_session", cause))) in before
    assert ("sso_refusals_total", "no_session", "untrusted_peer") in before


@pytest.mark.requirement("R45")
@pytest.mark.parametrize(
    ("changed", "secret", "cause"),
    [
        ({"exp": NOW - 600}, SECRET, "expired"),
        ({"nbf": NOW + 600}, SECRET, "not_yet_valid"),
        ({}, "somebody-elses-0f1e2d3c4b5a69788796a5b4", "forged"),
        ({"aud": "payroll"}, SECRET, "wrong_audience"),
        ({"iss": "https://evil.example"}, SECRET, "wrong_issuer"),
        ({"sub": 3.5}, SECRET, "other"),
    ],
)
def test_a_refused_token_is_counted_under_its_cause(
    client: MakeClient, changed: dict[str, Any], secret: str, cause: str
) -> None:
    service = client(JWT, PANDIUM)
    token = jwt.encode({**HOLDS, **changed}, secret, "HS256")
    series = ("sso_refusals_total", *sorted(("invalid_session", cause)))
    before = values(service)

    answer = service.simulate_get("/pandium-sso", headers={"Cookie": f"acme={token}"})

    after = values(service)
    assert answer.status_code == 401
    assert after[series] == before[series] + 1


@pytest.mark.requirement("R21", "R45")
def test_an_untrusted_peer_is_the_cause_of_no_session(client: MakeClient) -> None:
    service = client()
    series = ("sso_refusals_total", "no_session", "untrusted_peer")
    before = values(service)[series]

    service.simulate_get("/pandium-sso", headers=ADA, remote_addr="203.0.113.9")
    service.simulate_get("/pandium-sso", remote_addr="203.0.113.9")

    assert values(service)[series] == before + 1


def test_a_wrong_secret_of_the_proxy_is_a_cause(client: MakeClient) -> None:
    secret = {
        "AUTH_OAUTH2_PROXY_PROXY_SECRET": "5a69788796a5b4c3d2e1f00f1e2d3c4b",
        "AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER": "X-Proxy-Secret",
    }
    service = client(PROXY, PANDIUM, secret)
    series = ("sso_refusals_total", "invalid_session", "proxy_secret")
    before = values(service)[series]

    service.simulate_get("/pandium-sso", headers=ADA)

    assert values(service)[series] == before + 1


def test_session_checks_are_counted_by_outcome(client: MakeClient) -> None:
    service = client()
    before = values(service)

    service.simulate_get("/pandium-sso/session", headers=ADA)
    service.simulate_get("/pandium-sso/session")

    after = values(service)
    for outcome in ("signed_on", "refused"):
        series = ("sso_session_checks_total", *sorted(("pandium", outcome)))
        assert after[series] == before[series] + 1
    signed_on = ("sso_sign_ons_total", *sorted(("", "pandium", "marketplace", "signed_on")))
    assert after[signed_on] == before[signed_on]
