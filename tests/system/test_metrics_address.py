"""Metrics at an address of their own, over HTTP: there they are, and nothing else is."""

from pathlib import Path

import pytest

from .acme import ADA, AS_SHIPPED
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
