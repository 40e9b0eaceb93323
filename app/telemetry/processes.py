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

from app.telemetry.folder import make_folder
from app.telemetry.metrics import REGISTRY, SUMMED_GAUGES

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - the folder in it is our own
_ENDED: Final = "ended"
_NAMES_REMEMBERED: Final = 64
_SUMMED: Final = frozenset({"counter", "histogram"})

log = structlog.get_logger("marketplace_sso")


class Family(NamedTuple):
    """A metric with its samples: name, labels and value of each."""

    name: str
    documentation: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]

    def metric(self) -> Metric:
        """Return it as prometheus_client has it."""
        metric = Metric(self.name, self.documentation, self.kind)
        for name, labels, value in self.samples:
            metric.add_sample(name, labels, value)
        return metric


class Snapshot(NamedTuple):
    """What processes have counted, and which ended ones are in it."""

    ended: list[str]
    families: list[Family]

    def collect(self) -> Iterable[Metric]:
        """Return the metrics, as `generate_latest` asks for them."""
        return [family.metric() for family in self.families]


class ProcessMetrics:
    """The folder, as the server's first process, its workers and `/metrics` use it.

    Without a `folder` each process tells its own counts only.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._made_by = os.getpid()
        self._name = ""
        self._written = ""
        self._warned = False

    @classmethod
    def in_new_folder(cls) -> ProcessMetrics:
        """Make a folder in memory, or else in the folder for temporary files."""
        for parent in (MEMORY, None):
            try:
                return cls(make_folder(parent or Path(tempfile.gettempdir())))
            except OSError:
                continue
        log.warning(
            "metrics_off",
            reason="neither /dev/shm nor a folder for temporary files is writable",
            remedy="mount a tmpfs at /tmp; until then /metrics tells the counts of one worker",
        )
        return cls(None)

    def remove(self) -> None:
        """Remove the folder, in the process that made it."""
        if self.folder is not None and self._made_by == os.getpid():
            shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, only: frozenset[str] | None = None) -> None:
        """Write what this process has counted, if it has changed: all, or the named metrics."""
        if self.folder is not None:
            self._name_after_process()
            content = json.dumps(_own(only))
            if content != self._written:
                self._put(self.folder / self._name, content)
                self._written = content

    def add_up_ended(self, pid: int) -> None:
        """Add what an ended worker has counted to the file of all ended ones."""
        for path in self.folder.glob(f"{pid}-*") if self.folder else ():
            before, last = _read(path.parent / _ENDED), _read(path)
            counted = [each for each in last.families if each.kind in _SUMMED]
            names = [*before.ended, path.name][-_NAMES_REMEMBERED:]
            after = Snapshot(names, _merged([*before.families, *counted]))
            self._put(path.parent / _ENDED, json.dumps(after))
            path.unlink(missing_ok=True)

    def exposition(self) -> bytes:
        """Return the metrics of all processes in the text format of Prometheus."""
        self._name_after_process()
        families = _own().families
        if self.folder is not None:
            # Read before the file of the ended: one that ends in between is in one of the two.
            others = {path.name: _read(path) for path in self.folder.glob("*-*[0-9]")}
            ended = _read(self.folder / _ENDED)
            for name in others.keys() - {self._name, *ended.ended}:
                families += others[name].families
            families = _merged([*families, *ended.families])
        return generate_latest(Snapshot([], families))

    def _name_after_process(self) -> None:
        """Take a new name for the snapshot in a process that was forked."""
        if not self._name.startswith(f"{os.getpid()}-"):
            self._name, self._written = f"{os.getpid()}-{time.time_ns()}", ""

    def _put(self, path: Path, content: str) -> None:
        half = path.with_suffix(".half")
        try:
            half.write_text(content, encoding="utf-8")
            half.replace(path)
        except OSError as error:
            if not self._warned:
                self._warned = True
                log.warning("metrics_not_written", error=type(error).__name__, folder=path.parent)


def _own(only: frozenset[str] | None = None) -> Snapshot:
    """Return what this process has counted: all, or the named metrics."""
    return Snapshot(
        [],
        [
            Family(
                metric.name,
                metric.documentation,
                metric.type,
                [(sample.name, dict(sample.labels), sample.value) for sample in metric.samples],
            )
            for metric in REGISTRY.collect()
            if only is None or metric.name in only
        ],
    )


def _read(path: Path) -> Snapshot:
    """Read a snapshot; one that is gone since or damaged is empty."""
    try:
        ended, families = json.loads(path.read_bytes())
        return Snapshot([*map(str, ended)], [Family(*each) for each in families])
    except (OSError, ValueError, TypeError):
        return Snapshot([], [])


def _merged(families: Iterable[Family]) -> list[Family]:
    """Add counters, histograms and some gauges up; of others take the lowest: the oldest keys."""
    merged: dict[str, tuple[Family, dict[Any, float]]] = {}
    for family in families:
        _, values = merged.setdefault(family.name, (family, {}))
        for name, labels, value in family.samples:
            key = (name, *sorted(labels.items()))
            if key not in values:
                values[key] = value
            elif family.kind in _SUMMED or family.name in SUMMED_GAUGES:
                values[key] += value
            else:
                values[key] = min(values[key], value)
    return [
        family._replace(
            samples=[(name, dict(labels), value) for (name, *labels), value in values.items()]
        )
        for family, values in merged.values()
    ]
