"""`make bench`: rounds of load on each server in turn; tables with ratios, a page, a plot."""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.benchmark import report, variants
from tests.benchmark.load import (
    CONNECTIONS,
    Result,
    at_a_rate,
    load_core_awake,
    one_round,
    pauses_ms,
)
from tests.benchmark.servers import SERVER_CORE, Contender, contenders, host, running, service

HALF_OPEN = 1000
TEXT = """\
Measured on: {machine}; medians of {rounds} rounds of {seconds} s with {connections} connections,
each server on one core, the load on the other. A ratio says how many times as fast the first line
is.

{compared}

At half of its own load, asked evenly and at random times:

{half}

Right after it, a loop that does nothing lost {lost:.1f} ms of each second on the servers' core,
{longest:.1f} ms at once: what arrives while a machine is elsewhere waits.

Beside a thousand connections that have begun a request and say no more:

{crowded}

From `serve` to the first 307: {start:.2f} s.

The service behind other logins, and with another key:

{logins}

The service with more to do:

{more}

Its workers, free to run on both cores, one of which they share with the load:

{workers}
"""


def measured(those: list[Contender], rounds: int, seconds: int) -> dict[str, Result]:
    """Load each server in turn, round by round, so that a disturbance affects all."""
    results = {contender.name: Result() for contender in those}
    for number in range(rounds):
        for contender in those:
            _say(f"round {number + 1} of {rounds}: {contender.name}")
            with load_core_awake(), running(contender) as server:
                one_round(contender, server, 1, Result())  # warm
                one_round(contender, server, seconds, results[contender.name])
    return results


def beside_half_open(rounds: int, seconds: int) -> dict[str, Result]:
    """Load the service alone, and beside connections that send half of a request head."""
    contender = service("marketplace-sso", {"SSO_HEAD_TIMEOUT_SECONDS": "120"})
    results = {"nobody else": Result(), f"{HALF_OPEN} half-open connections": Result()}
    for number in range(rounds):
        for count, (name, result) in zip((0, HALF_OPEN), results.items(), strict=True):
            _say(f"round {number + 1} of {rounds}, beside {name}")
            with ExitStack() as stack, load_core_awake():
                server = stack.enter_context(running(contender))
                for _ in range(count):
                    silent = socket.create_connection(("127.0.0.1", server.port))
                    stack.enter_context(silent).sendall(b"GET /pandium-sso HTTP/1.1\r\nHost: ")
                one_round(contender, server, 1, Result())  # warm
                one_round(contender, server, seconds, result)
    return results


def start_seconds(rounds: int) -> float:
    """Return the median time from `serve` to the first 307."""
    times = []
    for _ in range(rounds):
        with running(contenders()[0]) as server:
            times.append(server.start_seconds)
    return statistics.median(times)


def at_half(rounds: int, seconds: int, rates: Mapping[str, Result]) -> str:
    """Load some servers with half of their rates, and say how long their answers take."""
    found: dict[str, list[list[float]]] = {}
    for number in range(rounds):
        for contender in contenders()[:3]:
            _say(f"round {number + 1} of {rounds}, at half of the load: {contender.name}")
            half = rates[contender.name].rate / 2
            with running(contender) as server:
                at_a_rate(contender, server, "even", half, 1)  # warm
                for spacing in ("even", "random"):
                    measured_ms = at_a_rate(contender, server, spacing, half, seconds)
                    found.setdefault(f"{contender.name}, {spacing}", []).append(measured_ms)
    return report.latencies(found)


def page(rounds: int, seconds: int, folder: Path) -> tuple[str, dict[str, Result]]:
    """Measure everything; return the text and the results of the servers."""

    def table(make: Callable[[], list[Contender]]) -> str:
        return report.table(measured(make(), rounds, seconds))

    compared = measured(contenders(), rounds, seconds)
    with running(host()) as asked:
        logins = table(lambda: variants.logins(folder, asked.port))
    half = at_half(rounds, seconds, compared)
    lost, longest = pauses_ms(SERVER_CORE, rounds * seconds)
    text = TEXT.format(
        machine=report.machine(),
        rounds=rounds,
        seconds=seconds,
        connections=CONNECTIONS,
        compared=report.table(compared),
        half=half,
        lost=lost,
        longest=longest,
        crowded=report.table(beside_half_open(rounds, seconds)),
        start=start_seconds(rounds),
        logins=logins,
        more=table(lambda: [contenders()[0], *variants.more_to_do()]),
        workers=table(variants.workers),
    )
    return text, compared


def main() -> None:
    """Measure, print the tables, and write the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each round")
    parser.add_argument("--print-only", action="store_true", help="leave docs/performance.* alone")
    chosen = parser.parse_args()
    for tool in ("wrk", "taskset", "chrt"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is needed: apt-get install wrk util-linux")

    with tempfile.TemporaryDirectory() as folder:
        text, compared = page(chosen.rounds, chosen.seconds, Path(folder))
    print(text)
    if not chosen.print_only:
        report.write(text, compared)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
