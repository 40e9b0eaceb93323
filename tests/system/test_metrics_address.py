"""Metrics at an address of their own, over HTTP: there they are, and nothing else is."""

from pathlib import Path

import pytest

from .acme import ADA, AS_SHIPPED, BEHIND_OAUTH2_PROXY, PANDIUM_SECRET
from .service import Client, eventually, free_port, serving


@pytest.mark.requirement("R52")
def test_metrics_are_at_their_own_address_only_and_nothing_else_is(tmp_path: Path) -> None:
    bind = f"127.0.0.1:{free_port()}"
    with serving({**AS_SHIPPED, "SSO_METRICS_BIND": bind}, tmp_path) as service:
        metrics = Client(bind)

        assert service.get("/pandium-sso", *ADA).status == 307
        assert service.get("/metrics").status == 404
        assert metrics.get("/pandium-sso", *ADA).status == 404
        assert metrics.get("/livez").status == 404
        eventually(lambda: 'outcome="signed_on",page="marketplace",reason=""} 1.0' in text(metrics))
        assert "sso_configuration_reload_held 1.0" in text(metrics)
        assert 'sso_connections{state="open"}' in text(metrics)
        metrics.close()


def text(client: Client) -> str:
    answer = client.get("/metrics")
    assert answer.status == 200
    return answer.text


@pytest.mark.requirement("R69")
def test_the_metrics_tell_whether_the_last_configuration_is_in_use(tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "PANDIUM_SHARED_SECRET"
    secret.parent.mkdir()
    secret.write_text(PANDIUM_SECRET)
    environment = {
        **BEHIND_OAUTH2_PROXY,
        "PANDIUM_ACCOUNT": "acme",
        "SECRETS_DIR": str(secret.parent),
        "SSO_RELOAD_SECONDS": "0.2",
        "WEB_CONCURRENCY": "2",
    }
    with serving(environment, tmp_path) as service:
        for content, held in (("short", 0), (f"{PANDIUM_SECRET}-anew", 1)):
            secret.write_text(content)
            line = f"sso_configuration_reload_held {held}.0"
            eventually(lambda line=line: line in service.get("/metrics").text)  # type: ignore[misc] # a default keeps it
            assert service.get("/pandium-sso", *ADA).status == 307
