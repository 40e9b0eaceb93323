"""Alerts and dashboard, held against the metrics that there are."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from app.telemetry import metrics

FOLDER = Path(__file__).resolve().parents[2] / "config" / "monitoring"
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
EXPRESSIONS = [alert["expr"] for alert in ALERTS] + [
    target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
]


def known() -> dict[str, set[str]]:
    """The names of all samples, and of their labels."""
    samples: dict[str, set[str]] = {}
    collectors = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    for collector in collectors:
        labels = set(collector._labelnames)  # noqa: SLF001 - there is no other way
        for name in metrics.REGISTRY._collector_to_names[collector]:  # noqa: SLF001 - the same
            samples[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return samples


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_an_expression_reads_metrics_and_labels_that_exist(expression: str) -> None:
    samples = known()
    names = set(re.findall(r"\bsso_[a-z_]+", expression))

    assert names
    assert names <= set(samples)
    labels = set(re.findall(r"([a-z]+)!?=~?\"", expression))
    for listed in re.findall(r"(?:by|ignoring|on) \(([a-z, ]+)\)", expression):
        labels |= set(listed.split(", "))
    of_targets = {"job", "instance"}
    assert labels - of_targets <= set.union(*(samples[name] for name in names))


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for alert in ALERTS:
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert set(alert["annotations"]) == {"summary", "runbook"}


def test_every_metric_of_ours_is_shown_or_watched() -> None:
    everything = " ".join(EXPRESSIONS)

    ours = {name for name in known() if name.startswith("sso_")}
    shown = {name for name in ours if name in everything}
    assert {re.sub("_(total|bucket|count|sum|created)$", "", name) for name in ours} == {
        re.sub("_(total|bucket|count|sum|created)$", "", name) for name in shown
    }


def test_every_alert_has_a_line_in_the_runbook() -> None:
    text = (FOLDER.parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")

    listed = re.findall(r"^\| `(MarketplaceSso\w+)` \| \S", text, re.MULTILINE)
    assert sorted(listed) == sorted(alert["alert"] for alert in ALERTS)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    cases = Path(__file__).parent / "alerts.test.yaml"
    command = ["promtool", "test", "rules", str(cases)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - in PATH

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_accepts_the_alerts() -> None:
    command = ["promtool", "check", "rules", str(FOLDER / "alerts.yaml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - in PATH

    assert checked.returncode == 0, checked.stdout + checked.stderr
