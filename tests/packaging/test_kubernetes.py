"""The manifests, offline: against the schemas of the API, and for what must hold."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

FOLDER = Path(__file__).resolve().parents[2] / "config" / "kubernetes"
MANIFESTS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in FOLDER.glob("*.yaml")
    if path.stem != "kustomization"
}
POD: dict[str, Any] = MANIFESTS["deployment"]["spec"]["template"]["spec"]
CONTAINERS: list[dict[str, Any]] = [*POD["initContainers"], *POD["containers"]]


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_fits_the_schema_of_the_api(name: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], "1.37", strict=True)


def test_the_kustomization_names_every_manifest() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))

    assert {Path(name).stem for name in kustomization["resources"]} == set(MANIFESTS)


@pytest.mark.requirement("R51", "R53")
@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: container["name"])
def test_a_container_may_do_nothing_but_serve(container: dict[str, Any]) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "env" not in container


@pytest.mark.requirement("R53")
def test_the_pod_runs_without_privileges() -> None:
    context = POD["securityContext"]

    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 10_000
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert POD["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(POD)


@pytest.mark.requirement("R50", "R52")
def test_the_pod_has_time_to_drain() -> None:
    (service,) = POD["containers"]
    drain = float(MANIFESTS["configuration"]["data"]["SSO_DRAIN_SECONDS"])
    pre_stop = service["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert service["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert service["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert drain > 2 * service["readinessProbe"]["periodSeconds"]
    assert POD["terminationGracePeriodSeconds"] > pre_stop + drain + 20  # gunicorn's own grace


def test_a_broken_configuration_stops_the_rollout() -> None:
    (check,) = POD["initContainers"]

    assert check["args"] == ["check"]
    assert check["envFrom"] == POD["containers"][0]["envFrom"]
    assert check["volumeMounts"] == POD["containers"][0]["volumeMounts"]


def test_only_the_proxy_and_prometheus_get_in() -> None:
    policy = MANIFESTS["network-policy"]["spec"]
    (rule,) = policy["ingress"]

    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert [
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for peer in rule["from"]
    ] == [
        "oauth2-proxy",
        "prometheus",
    ]
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {53, 443}


def test_the_secret_is_an_example_that_is_refused() -> None:
    assert MANIFESTS["secret"]["stringData"] == {"PANDIUM_SHARED_SECRET": "changeme"}
    assert not any("SECRET" in name for name in MANIFESTS["configuration"]["data"])
