"""The metrics of all processes of the server: a snapshot each, in a folder of our own.

Each worker counts in its own memory and writes a snapshot once a second. What an ended worker has
counted is added to one file, so that the folder does not grow. A full or read-only disk costs
metrics, never an answer: nothing is mapped into memory.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog
from prometheus_client import generate_latest
from prometheus_client.core import Metric

from app.telemetry.metrics import REGISTRY

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it is our own, by mkdtemp
_ENDED: Final = "ended"
_NAMES_REMEMBERED: Final = 64
_SUMMED: Final = frozenset({"counter", "histogram"})

log = structlog.get_logger("marketplace_sso")


class Family(NamedTuple):
    """A metric with its samples: name, labels, value of each."""

    name: str
    documentation: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


class ProcessMetrics:
    """The folder, as its first process, its workers and `/metrics` use it.

    `folder` None means that there is none: every process tells its own counts only.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._made_by = os.getpid()
        self._name = ""
        self._written = b""
        self._warned = False

    @classmethod
    def in_new_folder(cls) -> ProcessMetrics:
        """Make a folder in memory, or else in the folder for temporary files."""
        for parent in (MEMORY, None):
            try:
                return cls(Path(tempfile.mkdtemp(prefix="marketplace-sso-", dir=parent)))
            except OSError:
                continue
        log.warning(
            "metrics_off",
            reason="no writable folder in /dev/shm or for temporary files",
            remedy="/metrics tells the counts of one worker; mount an emptyDir or a tmpfs at /tmp",
        )
        return cls(None)

    def remove(self) -> None:
        """Remove the folder, in the process that made it."""
        if self._folder is not None and self._made_by == os.getpid():
            shutil.rmtree(self._folder, ignore_errors=True)

    def write(self) -> None:
        """Write what this process has counted, if it has changed."""
        if self._folder is None:
            return
        self._name = self._name or f"{os.getpid()}-{time.time_ns()}"
        snapshot = json.dumps(_families(REGISTRY.collect())).encode()
        if snapshot != self._written:
            self._put(self._name, snapshot)
            self._written = snapshot

    def add_up_ended(self, pid: int) -> None:
        """Add what an ended worker has counted to the file of all ended ones."""
        if self._folder is None:
            return
        for path in self._folder.glob(f"{pid}-*"):
            names, families = self._ended()
            counted = [each for each in _read_families(path) if each.kind in _SUMMED]
            ended = {
                "names": [*names, path.name][-_NAMES_REMEMBERED:],
                "families": _merged([*families, *counted]),
            }
            self._put(_ENDED, json.dumps(ended).encode())
            path.unlink(missing_ok=True)

    def exposition(self) -> bytes:
        """Return the metrics of all processes in the text format of Prometheus."""
        return generate_latest(_Collected(self._all()))

    def _all(self) -> list[Family]:
        families = _families(REGISTRY.collect())
        if self._folder is None:
            return families
        # Read before the file of ended workers: one that ends in between is in one of the two.
        others = {path.name: _read_families(path) for path in self._folder.glob("*-*[0-9]")}
        names, ended = self._ended()
        for name in others.keys() - {self._name, *names}:
            families += others[name]
        return _merged([*families, *ended])

    def _ended(self) -> tuple[list[str], list[Family]]:
        """Return the names of the last ended workers, and what all of them have counted."""
        found = _read(self._folder / _ENDED) if self._folder else None
        if found is None:
            return [], []
        return found["names"], [Family(*each) for each in found["families"]]

    def _put(self, name: str, content: bytes) -> None:
        if self._folder is None:
            return
        half = self._folder / f"{name}.half"
        try:
            half.write_bytes(content)
            half.replace(self._folder / name)
        except OSError as error:
            if not self._warned:
                self._warned = True
                log.warning("metrics_not_written", error=type(error).__name__, folder=half.parent)


class _Collected:
    """What `generate_latest` asks for metrics."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        for name, documentation, kind, samples in self._families:
            metric = Metric(name, documentation, kind)
            for sample, labels, value in samples:
                metric.add_sample(sample, labels, value)
            yield metric


def _families(metrics: Iterable[Metric]) -> list[Family]:
    return [
        Family(
            metric.name,
            metric.documentation,
            metric.type,
            [(sample.name, dict(sample.labels), sample.value) for sample in metric.samples],
        )
        for metric in metrics
    ]


def _read(path: Path) -> Any:  # noqa: ANN401 - what was written
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None  # gone since, or there is none yet


def _read_families(path: Path) -> list[Family]:
    return [Family(*each) for each in _read(path) or ()]


def _merged(families: Iterable[Family]) -> list[Family]:
    """Add counters and histograms up; of gauges take the lowest, as of the oldest keys."""
    merged: dict[str, tuple[Family, dict[Any, float]]] = {}
    for family in families:
        _, values = merged.setdefault(family.name, (family, {}))
        for sample, labels, value in family.samples:
            key = (sample, tuple(sorted(labels.items())))
            if key not in values:
                values[key] = value
            elif family.kind in _SUMMED:
                values[key] += value
            else:
                values[key] = min(values[key], value)
    return [
        family._replace(
            samples=[(name, dict(labels), value) for (name, labels), value in values.items()]
        )
        for family, values in merged.values()
    ]
