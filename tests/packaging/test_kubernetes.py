"""The manifests, offline: against the schemas of the API, and for what must hold."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app.main import create_app
from tests.in_process import Client, Load, Server, problems
from tests.samples import ADA

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


def test_the_proxy_gets_to_the_service_and_prometheus_to_the_metrics() -> None:
    policy = MANIFESTS["network-policy"]["spec"]
    ways = {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"]: [
            port["port"] for port in rule["ports"]
        ]
        for rule in policy["ingress"]
        for peer in rule["from"]
    }

    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert ways == {"oauth2-proxy": [8000], "prometheus": [9090]}
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {53, 443}


def test_nothing_replaces_whom_the_policy_lets_in() -> None:
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))

    assert not any("includeSelectors" in labels for labels in kustomization["labels"])
    wanted = {"app.kubernetes.io/name": "marketplace-sso"}
    specs = {name: manifest.get("spec", {}) for name, manifest in MANIFESTS.items()}
    assert specs["network-policy"]["podSelector"]["matchLabels"] == wanted
    assert specs["service"]["selector"] == wanted
    assert specs["deployment"]["selector"]["matchLabels"] == wanted
    assert specs["deployment"]["template"]["metadata"]["labels"] == wanted
    assert specs["disruption-budget"]["selector"]["matchLabels"] == wanted


def test_the_ports_are_those_of_the_configuration() -> None:
    (service,) = POD["containers"]
    data = MANIFESTS["configuration"]["data"]
    ports = {port["name"]: port["containerPort"] for port in service["ports"]}

    assert data["SSO_BIND"].endswith(f":{ports['http']}")
    assert data["SSO_METRICS_BIND"].endswith(f":{ports['metrics']}")
    targets = {port["targetPort"] for port in MANIFESTS["service"]["spec"]["ports"]}
    assert targets == set(ports)


def test_the_secret_is_an_example_that_is_refused() -> None:
    assert set(MANIFESTS["secret"]["stringData"].values()) == {"changeme"}
    names = set(MANIFESTS["configuration"]["data"])
    assert {name for name in names if "SECRET" in name} == {"AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER"}


@pytest.mark.requirement("R21")
def test_with_real_secrets_it_is_a_configuration_that_needs_the_proxys(load: Load) -> None:
    data = MANIFESTS["configuration"]["data"]
    examples = MANIFESTS["secret"]["stringData"]
    secrets = {name: sha256(name.encode()).hexdigest() for name in examples}

    assert set(problems(load, data, examples)) >= {"PANDIUM_SHARED_SECRET"}
    config = load(data, secrets)

    service = Client(Server(create_app(config)))
    peer, secret = "10.42.3.7", secrets["AUTH_OAUTH2_PROXY_PROXY_SECRET"]
    statuses = [
        service.simulate_get("/pandium-sso", headers=ADA | more, remote_addr=peer).status_code
        for more in ({"X-Proxy-Secret": secret}, {"X-Proxy-Secret": "guessed"}, {})
    ]
    assert statuses == [307, 401, 401]


def of_folder(name: str) -> list[dict[str, Any]]:
    """Return the objects of an optional folder, by its kustomization."""
    kustomization = yaml.safe_load((FOLDER / name / "kustomization.yaml").read_text("utf-8"))
    found = {path.name for path in (FOLDER / name).glob("*.yaml")}
    assert found == {"kustomization.yaml", *kustomization["resources"]}
    return [
        yaml.safe_load((FOLDER / name / each).read_text("utf-8"))
        for each in kustomization["resources"]
    ]


@pytest.mark.requirement("R21")
def test_the_way_in_leads_to_the_proxy_and_never_to_the_service() -> None:
    (ingress,) = of_folder("ingress")
    kubernetes_validate.validate(ingress, "1.37", strict=True)
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    (route,) = of_folder("gateway")
    (way,) = route["spec"]["rules"]

    assert path["backend"]["service"]["name"] == "oauth2-proxy"
    assert [each["name"] for each in way["backendRefs"]] == ["oauth2-proxy"]
    assert path["path"] == way["matches"][0]["path"]["value"] == "/pandium-sso"


def test_the_operator_of_prometheus_gets_the_same_alerts_and_the_port_of_the_metrics() -> None:
    monitor, rule = of_folder("monitoring")
    alerts = FOLDER.parent / "monitoring" / "alerts.yaml"

    assert rule["spec"] == yaml.safe_load(alerts.read_text("utf-8"))
    assert [each["port"] for each in monitor["spec"]["endpoints"]] == ["metrics"]
    assert monitor["spec"]["selector"]["matchLabels"] == {
        "app.kubernetes.io/name": "marketplace-sso"
    }
