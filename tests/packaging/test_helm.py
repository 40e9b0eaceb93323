"""The Helm chart: the objects of the kustomization for its own values, and sound for others."""

import json
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from app import __version__
from tests.logins.needed import needs
from tests.logins.products import PRODUCTS

CONFIG = Path(__file__).resolve().parents[2] / "config"
CHART = CONFIG / "helm" / "marketplace-sso"
HELM = str(PRODUCTS["helm"].path)
KUSTOMIZE = str(PRODUCTS["kustomize"].path)

needs_helm = needs("helm")
needs_both = needs("helm", "kustomize")

OTHER_VALUES: dict[str, dict[str, Any]] = {
    "its own": {},
    "a secret that is there": {"secret": {"create": False, "name": "vault-made"}},
    "an ingress": {"ingress": {"enabled": True, "paths": ["/pandium-sso", "/apifuse-sso"]}},
    "a gateway": {"httpRoute": {"enabled": True, "gateway": "edge"}},
    "the operator of Prometheus": {"monitoring": {"enabled": True}},
    "another login and registry": {
        "image": {"repository": "registry.acme.example/sso", "tag": "7"},
        "configuration": {"SSO_AUTHENTICATORS": "google-iap", "SSO_LOG_LEVEL": "warning"},
        "proxy": {"namespace": "edge", "podLabels": {"app": "gateway"}},
    },
}

CLUSTER = ("--kube-version", "1.34.0")

Objects = dict[tuple[str, str], dict[str, Any]]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - found above


def by_kind_and_name(text: str) -> Objects:
    objects = [each for each in yaml.safe_load_all(text) if each]
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def rendered(values: dict[str, Any], folder: Path) -> Objects:
    (folder / "values.yaml").write_text(yaml.safe_dump(values), "utf-8")
    options = ("--namespace", "marketplace-sso", "--values", str(folder / "values.yaml"))
    ended = run(HELM, "template", "marketplace-sso", str(CHART), *CLUSTER, *options)
    assert ended.returncode == 0, ended.stderr
    return by_kind_and_name(ended.stdout)


def test_the_chart_is_of_this_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))

    assert chart["version"] == chart["appVersion"] == __version__


def test_the_charts_values_are_those_of_the_kustomization() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    of_kustomization = {
        name: yaml.safe_load((CONFIG / "kubernetes" / f"{name}.yaml").read_text("utf-8"))
        for name in ("configuration", "secret")
    }

    assert values["configuration"] == of_kustomization["configuration"]["data"]
    assert values["secret"]["values"] == of_kustomization["secret"]["stringData"]


def test_every_value_is_in_the_schema() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))

    assert set(values) == set(schema["properties"]) - {"global"}


@needs_helm
def test_helm_finds_nothing_wrong() -> None:
    linted = run(HELM, "lint", "--strict", str(CHART), *CLUSTER)

    assert linted.returncode == 0, linted.stdout


@needs_helm
@pytest.mark.parametrize("values", OTHER_VALUES.values(), ids=OTHER_VALUES)
def test_what_it_makes_fits_the_schemas_of_the_api(values: dict[str, Any], tmp_path: Path) -> None:
    objects = rendered(values, tmp_path)

    assert ("Deployment", "marketplace-sso") in objects
    for (kind, _), each in objects.items():
        if kind not in {"HTTPRoute", "ServiceMonitor", "PrometheusRule"}:  # not the API's own
            kubernetes_validate.validate(each, "1.37", strict=True)


@needs_both
def test_its_own_values_make_the_objects_of_the_kustomization(tmp_path: Path) -> None:
    built = run(KUSTOMIZE, "build", str(CONFIG / "kubernetes"))
    assert built.returncode == 0, built.stderr
    wanted = by_kind_and_name(built.stdout)
    del wanted["Namespace", "marketplace-sso"]  # helm install --create-namespace

    found = rendered({}, tmp_path)

    pod = found["Deployment", "marketplace-sso"]["spec"]["template"]
    assert list(pod["metadata"].pop("annotations")) == ["checksum/configuration"]
    assert found == wanted


@needs_both
@pytest.mark.parametrize(
    ("folder", "values"),
    [
        ("ingress", {"ingress": {"enabled": True}}),
        ("gateway", {"httpRoute": {"enabled": True}}),
        ("monitoring", {"monitoring": {"enabled": True}}),
    ],
)
def test_its_options_make_the_objects_of_the_other_folders(
    folder: str, values: dict[str, Any], tmp_path: Path
) -> None:
    built = run(KUSTOMIZE, "build", str(CONFIG / "kubernetes" / folder))
    assert built.returncode == 0, built.stderr

    found = rendered(values, tmp_path)

    for key, wanted in by_kind_and_name(built.stdout).items():
        found[key]["metadata"].pop("labels")
        assert found[key] == wanted


@needs_helm
@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"configuration": {"PANDIUM_SHARED_SECRET": "x"}}, "PANDIUM_SHARED_SECRET"),
        ({"configuration": {"SSO_DRAIN_SECONDS": 10}}, "SSO_DRAIN_SECONDS"),
        ({"configuration": {"SSO_BIND": "0.0.0.0:80"}}, "SSO_BIND"),
        ({"proxy": {"podLabels": None}}, "proxy"),
        ({"replicas": 3}, "replicas"),
    ],
)
def test_wrong_values_are_named(values: dict[str, Any], named: str, tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(yaml.safe_dump(values), "utf-8")

    options = ("--values", str(tmp_path / "values.yaml"))
    ended = run(HELM, "template", "x", str(CHART), *CLUSTER, *options)

    assert ended.returncode != 0
    assert named in ended.stderr
