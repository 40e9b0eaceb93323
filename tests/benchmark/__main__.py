"""`make bench`: rounds of load on each server in turn, a table with ratios, a page, a plot."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmark.servers import (
    ROOT,
    Contender,
    Running,
    contenders,
    running,
    service,
)

PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
CONNECTIONS = 16
MULTIPLES = {"": 1.0, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass
class Result:
    """The medians of all rounds of one server."""

    rates: list[float] = field(default_factory=list)
    medians_ms: list[float] = field(default_factory=list)
    tails_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    memory_mib: float = 0.0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def add(self, rate: float, median_ms: float, tail_ms: float, cpu_us: float) -> None:
        self.rates.append(rate)
        self.medians_ms.append(median_ms)
        self.tails_ms.append(tail_ms)
        self.cpu_us.append(cpu_us)


def one_round(contender: Contender, server: Running, seconds: int, result: Result) -> None:
    """Load a server from the other core with `wrk`, and note what came."""
    before = server.cpu_seconds()
    headers = [word for item in contender.headers.items() for word in ("-H", ": ".join(item))]
    command = [
        *("taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"),
        *(*headers, f"http://127.0.0.1:{server.port}{contender.path}"),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - in PATH
    if failed := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors.*", told):
        raise RuntimeError(f"{contender.name}: {failed[0]}")
    (count,) = re.findall(r"(\d+) requests in", told)
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", told)
    cpu_us = (server.cpu_seconds() - before) / int(count) * 1e6
    result.add(float(rate), milliseconds(told, "50%"), milliseconds(told, "99%"), cpu_us)


def milliseconds(told: str, percentile: str) -> float:
    """Read a percentile of wrk's latencies."""
    number, unit = re.findall(rf"{percentile}\s+([\d.]+)(us|ms|s|m)", told)[0]
    return float(number) * MULTIPLES[unit]


def measured(all_of_them: list[Contender], rounds: int, seconds: int) -> dict[str, Result]:
    """Load each server in turn, round by round, so that noise meets all alike."""
    results = {contender.name: Result() for contender in all_of_them}
    for number in range(rounds):
        for contender in all_of_them:
            print(f"round {number + 1} of {rounds}: {contender.name}", file=sys.stderr, flush=True)
            with running(contender) as server:
                one_round(contender, server, 1, Result())  # warm
                one_round(contender, server, seconds, results[contender.name])
                results[contender.name].memory_mib = server.resident_mib()
    return results


def variants() -> list[Contender]:
    """Give the service with more to do: more integrations, more claims."""
    found = []
    for count in (1, 10, 100, 1000):
        table = {str(n): {"connector_name": "c", "integration_name": "i"} for n in range(count)}
        found.append(service(f"{count} integrations", {"PANDIUM_INTEGRATIONS": json.dumps(table)}))
    for size in (200, 1000, 4000):
        claims = json.dumps({"meta": {"x": "a" * size}})
        found.append(service(f"{size / 1000:g} KB of claims", {"PANDIUM_CLAIMS": claims}))
    return found


def start_seconds(rounds: int) -> float:
    """Give the median time from `serve` to the first 307."""
    times = []
    for _ in range(rounds):
        with running(contenders()[0]) as server:
            times.append(server.start_seconds)
    return statistics.median(times)


def table(results: dict[str, Result]) -> str:
    """Give the results as a Markdown table, with ratios to the first."""
    ours = next(iter(results.values()))
    lines = [
        "| server | requests/s | ours is | p50 ms | p99 ms | CPU µs a request | memory MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, result in results.items():
        lines.append(
            f"| {name} | {result.rate:.0f} | {ours.rate / result.rate:.2f}x "
            f"| {statistics.median(result.medians_ms):.2f} "
            f"| {statistics.median(result.tails_ms):.2f} "
            f"| {statistics.median(result.cpu_us):.0f} | {result.memory_mib:.0f} |"
        )
    return "\n".join(lines)


def plot(results: dict[str, Result]) -> None:
    """Draw the medians as bars."""
    import matplotlib as mpl  # noqa: PLC0415 - only here, and slow to load
    from matplotlib import pyplot as plt  # noqa: PLC0415 - the same

    mpl.use("svg")
    names = list(results)[::-1]
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(names) + 1))
    axes.barh(names, [results[name].rate for name in names], color="#1a56c4")
    axes.set_xlabel("requests a second, one core")
    figure.tight_layout()
    figure.savefig(PLOT)


def machine() -> str:
    """Say what it ran on."""
    found = re.findall(r"model name\s+: (.*)", Path("/proc/cpuinfo").read_text())
    processor = found[0] if found else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main() -> None:
    """Measure, print the tables, and write the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md, too")
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: apt-get install wrk")

    results = measured(contenders(), chosen.rounds, chosen.seconds)
    more = measured([contenders()[0], *variants()], max(1, chosen.rounds // 2), chosen.seconds)
    first = start_seconds(chosen.rounds)
    where = (
        f"Measured on: {machine()}; medians of {chosen.rounds} rounds of {chosen.seconds} s with "
        f"{CONNECTIONS} connections, each server on one core, the load on the other."
    )
    parts = [
        where,
        table(results),
        f"From `serve` to the first 307: {first:.2f} s.",
        "The service with more to do:",
        table(more),
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if chosen.write:
        beginning, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- begin -->\n")
        _, _, end = rest.partition("<!-- end -->")
        page = f"{beginning}<!-- begin -->\n{text}<!-- end -->{end}"
        PAGE.write_text(page, encoding="utf-8")
        plot(results)


if __name__ == "__main__":
    main()
