import asyncio
import contextlib

import falcon.asgi
import falcon.testing
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.authenticators.chain import Chain
from app.authenticators.jwt.fetched_keys import FetchedKeys
from app.authenticators.jwt.key_server import FetchFailed, KeyServer
from app.errors import AuthenticatorUnavailable, SignOnError
from app.identity import Identity
from app.telemetry import metrics
from app.telemetry.sink import Sink
from app.testing import make_request
from tests.in_process import Client, Load, MakeClient, problems
from tests.samples import ADA, PROXY


def value(service: Client, name: str, **labels: str) -> float:
    """Read a sample as Prometheus would."""
    text = service.simulate_get("/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_sign_ons_and_refusals_are_counted_and_timed(client: MakeClient) -> None:
    service = client()
    signed_on = {"destination": "pandium", "page": "marketplace", "outcome": "signed_on"}
    refused = {"outcome": "refused", "reason": "no_session"}
    before = value(service, "sso_sign_ons_total", **signed_on)
    refusals = value(service, "sso_sign_ons_total", **refused)
    timed = value(service, "sso_sign_on_duration_seconds_count")

    service.simulate_get("/pandium-sso", headers=ADA)
    service.simulate_get("/pandium-sso")
    service.simulate_get("/livez")

    assert value(service, "sso_sign_ons_total", **signed_on) == before + 1
    assert value(service, "sso_sign_ons_total", **refused) == refusals + 1
    assert value(service, "sso_sign_on_duration_seconds_count") == timed + 2


@pytest.mark.parametrize("outcome", ["identity", "nothing", "error"])
def test_every_authenticator_is_timed_whatever_comes_of_it(
    client: MakeClient, outcome: str
) -> None:
    async def authenticator(_request: falcon.asgi.Request) -> Identity | None:
        if outcome == "error":
            raise LookupError
        return Identity(subject="u-17") if outcome == "identity" else None

    name = f"gives-{outcome}"
    authenticate = Chain(authenticators={name: authenticator}, timeout_seconds=5)

    with contextlib.suppress(SignOnError):
        asyncio.run(authenticate(make_request()))

    service = client()
    assert value(service, "sso_authentication_duration_seconds_count", authenticator=name) == 1


@pytest.mark.requirement("R21")
def test_untrusted_peers_are_counted(client: MakeClient) -> None:
    service = client()
    before = value(service, "sso_untrusted_peers_total", authenticator="oauth2-proxy")

    for _ in range(2):
        service.simulate_get("/pandium-sso", headers=ADA, remote_addr="203.0.113.9")

    assert value(service, "sso_untrusted_peers_total", authenticator="oauth2-proxy") == before + 2


@pytest.mark.requirement("R47")
def test_lost_log_lines_are_counted(client: MakeClient) -> None:
    service = client()
    before = value(service, "sso_log_lines_lost_total")
    sink = Sink(-1, metrics.LOG_LINES_LOST.inc)

    sink.write(b"x\n")

    assert value(service, "sso_log_lines_lost_total") == before + 1


@pytest.mark.requirement("R45")
def test_no_user_is_in_a_label(client: MakeClient) -> None:
    service = client()

    service.simulate_get("/pandium-sso", headers=ADA)

    text = service.simulate_get("/metrics").text
    assert "sso_build_info" in text
    assert "u-17" not in text
    assert "ada@" not in text


@pytest.mark.requirement("R52")
@pytest.mark.parametrize(
    ("clients", "peer", "status"),
    [
        ("", "127.0.0.1", 200),
        ("", "::1", 200),
        ("", "::ffff:127.0.0.1", 200),
        ("", "10.0.0.1", 403),
        ("", "203.0.113.9", 403),
        ("10.1.0.0/16", "10.1.2.3", 200),
        ("10.1.0.0/16", "127.0.0.1", 403),
        ("unix", "127.0.0.1", 403),
    ],
)
def test_only_their_clients_see_the_metrics(
    client: MakeClient, clients: str, peer: str, status: int
) -> None:
    service = client(SSO_METRICS_CLIENTS=clients)

    answer = service.simulate_get(
        "/metrics", remote_addr=peer, headers={"X-Forwarded-For": "127.0.0.1"}
    )

    assert answer.status_code == status


@pytest.mark.requirement("R52")
@pytest.mark.parametrize(("clients", "status"), [("unix", 200), ("", 403)])
def test_a_unix_peer_sees_the_metrics_where_it_is_named(
    client: MakeClient, clients: str, status: int
) -> None:
    service = client(
        {"PANDIUM_ACCOUNT": "acme", "PANDIUM_SHARED_SECRET": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
        PROXY,
        SSO_METRICS_CLIENTS=clients,
    )

    answer = service.simulate_get("/metrics", remote_addr=None)

    assert answer.status_code == status
    if status == 403:
        assert answer.json["code"] == "metrics_denied"
        assert "account" not in answer.json["detail"]


@pytest.mark.requirement("R52")
@pytest.mark.parametrize(
    ("path", "of_service", "of_metrics"),
    [
        ("/metrics", 404, 200),
        ("/%6Detrics", 404, 200),
        ("/metrics/", 404, 404),
        ("/livez", 200, 404),
        ("/pandium-sso", 307, 404),
        ("/nothing", 404, 404),
    ],
)
def test_metrics_with_an_address_of_their_own_are_there_only(
    client: MakeClient, path: str, of_service: int, of_metrics: int
) -> None:
    service = client(SSO_METRICS_BIND="127.0.0.1:9090")

    found = [service.simulate_get(path, headers=ADA, port=port) for port in (8000, 9090)]

    assert [answer.status_code for answer in found] == [of_service, of_metrics]


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("bind", "wrong"),
    [
        ("9090", "host:port"),
        ("127.0.0.1:0", "host:port"),
        ("unix:/run/metrics.sock", "host:port"),
        ("0.0.0.0:8000", "has the port of SSO_BIND"),
    ],
)
def test_an_address_of_metrics_that_is_none_is_named(load: Load, bind: str, wrong: str) -> None:
    found = problems(load, PROXY, SSO_METRICS_BIND=bind)

    assert wrong in found["SSO_METRICS_BIND"]


@pytest.mark.requirement("R48")
def test_clients_that_are_no_networks_are_named(load: Load) -> None:
    found = problems(load, PROXY, SSO_METRICS_CLIENTS="prometheus")

    assert "does not appear to be" in found["SSO_METRICS_CLIENTS"]


@pytest.mark.requirement("R18")
async def test_fetches_of_keys_are_counted() -> None:
    async def fetch() -> bytes:
        raise FetchFailed("down")

    failed = metrics.KEY_FETCHES.labels("failed")
    before = failed._value.get()  # noqa: SLF001 - a client cannot ask from inside a loop
    keys = FetchedKeys(KeyServer(timeout_seconds=1), fetch, ttl_seconds=60, max_stale_seconds=60)

    with pytest.raises(AuthenticatorUnavailable):
        await keys.find("k", "RS256")

    assert failed._value.get() == before + 1  # noqa: SLF001 - the same
