"""Load by wrk from the other core, and what it cost the server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmark.servers import ROOT, Contender, Running

CONNECTIONS = 16
LOAD_CORE = "1"
MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}
SCRIPTS = Path(__file__).with_name("scripts")
NOTHING_BUT_AWAKE = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@dataclass
class Result:
    """What came of all rounds of one server; `memory_mib` is that of a worker."""

    rates: list[float] = field(default_factory=list)
    medians_ms: list[float] = field(default_factory=list)
    tails_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    memory_mib: float = 0.0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def one_round(contender: Contender, server: Running, seconds: int, result: Result) -> None:
    """Load a server, and add what came to its result.

    Raises:
        RuntimeError: an answer is invalid, or a connection broke.
    """
    before = server.cpu_seconds()
    told = _wrk(contender, server.port, seconds)
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors.*", told):
        raise RuntimeError(f"{contender.name}: {failed[0]}")
    (count,) = re.findall(r"(\d+) requests in", told)
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", told)
    result.rates.append(float(rate))
    result.medians_ms.append(_percentile(told, 50))
    result.tails_ms.append(_percentile(told, 99))
    result.cpu_us.append((server.cpu_seconds() - before) / int(count) * 1e6)
    result.memory_mib = server.resident_mib()


def at_a_rate(
    contender: Contender, server: Running, spacing: str, rate: float, seconds: int
) -> list[float]:
    """Ask `rate` times a second, evenly or at random times, and give p50 and p99 in ms."""
    program = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "tests.benchmark.steady"]
    words = [str(server.port), contender.path, spacing, str(rate), str(seconds)]
    headers = json.dumps(dict(contender.headers))
    told = subprocess.run(  # noqa: S603 - in PATH, and a module of ours
        [*program, *words], input=headers, capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    return [float(number) for number in told.split()]


def pauses_ms(core: str, seconds: int) -> tuple[float, float]:
    """Return the milliseconds of a second that a core is away, and the longest at once."""
    program = ["taskset", "-c", core, sys.executable, "-m", "tests.benchmark.pauses", str(seconds)]
    told = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT).stdout  # noqa: S603 - a module of ours
    lost, longest = map(float, told.split())
    return lost, longest


@contextlib.contextmanager
def load_core_awake() -> Iterator[None]:
    """Keep the core of the load from sleeping, by a process that gives way to any other.

    To wake a core costs the server, in its own write to the socket, 4 to 11 us of its time: the
    more, the longer the load had nothing to do. On a network nobody pays that.
    """
    command = ["chrt", "--idle", "0", "taskset", "-c", LOAD_CORE]
    process = subprocess.Popen([*command, sys.executable, "-c", NOTHING_BUT_AWAKE])  # noqa: S603 - this interpreter, this file's words
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wrk(contender: Contender, port: int, seconds: int) -> str:
    headers = [word for item in contender.headers.items() for word in ("-H", ": ".join(item))]
    script = ["-s", str(SCRIPTS / contender.script)] if contender.script else []
    command = [
        *("taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"),
        *("--latency", *script, *headers, f"http://127.0.0.1:{port}{contender.path}"),
    ]
    environment = {**os.environ, **contender.load_environment}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603 - in PATH
    return done.stdout


def _percentile(told: str, percentile: int) -> float:
    """Read a percentile of wrk's latencies, in milliseconds."""
    number, unit = re.findall(rf"{percentile}%\s+([\d.]+)(us|ms|s|m)", told)[0]
    return float(number) * MILLISECONDS[unit]
