"""Print the tables; write the page and the plot."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmark.load import Result
from tests.benchmark.servers import ROOT

PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"


def table(results: Mapping[str, Result]) -> str:
    """Return results as a Markdown table, each with the ratio of the first rate to its own."""
    first = next(iter(results.values()))
    lines = [
        "| | requests/s | ratio | p50 ms | p99 ms | CPU µs a request | memory MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, result in results.items():
        lines.append(
            f"| {name} | {result.rate:.0f} | {first.rate / result.rate:.2f}x "
            f"| {statistics.median(result.medians_ms):.2f} "
            f"| {statistics.median(result.tails_ms):.2f} "
            f"| {statistics.median(result.cpu_us):.0f} | {result.memory_mib:.0f} |"
        )
    return "\n".join(lines)


def latencies(found: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """Return a table of p50 and p99, in ms, from one pair a round: of all rounds, and of the best.

    What stops the machine only ever adds to a tail: the round with the shortest one has the least
    of it.
    """
    lines = [
        "| | p50 ms | p99 ms | ratio | p50 ms, quietest round | p99 ms | ratio |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rounds in found.items():
        together = [statistics.median(times_ms) for times_ms in zip(*rounds, strict=True)]
        quietest = min(rounds, key=lambda times_ms: times_ms[1])
        cells = (
            f"{median_ms:.2f} | {tail_ms:.2f} | {tail_ms / median_ms:.1f}"
            for median_ms, tail_ms in (together, quietest)
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine() -> str:
    """Say what it ran on."""
    found = re.findall(r"model name\s+: (.*)", Path("/proc/cpuinfo").read_text())
    processor = found[0] if found else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write(text: str, results: Mapping[str, Result]) -> None:
    """Put the text between the marks of the page, and draw the plot beside it."""
    beginning, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- begin -->\n")
    _, _, end = rest.partition("<!-- end -->")
    page = f"{beginning}<!-- begin -->\n{text}<!-- end -->{end}"
    PAGE.write_text(page, encoding="utf-8")
    _plot(results)


def _plot(results: Mapping[str, Result]) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - only here, and slow to load
    from matplotlib import pyplot as plt  # noqa: PLC0415 - the same

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "marketplace-sso"  # the same figures give the same file
    names = list(results)[::-1]
    figure, axes = plt.subplots(figsize=(8, 0.5 * len(names) + 1))
    axes.barh(names, [results[name].rate for name in names], color="#1a56c4")
    axes.set_xlabel("requests a second, one core")
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})
