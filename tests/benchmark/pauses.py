"""Tells how long a core is away from a program that never waits: no server can answer meanwhile.

A program of its own: SECONDS. It prints the milliseconds of each second that were lost, and those
of the longest pause.
"""

from __future__ import annotations

import sys
import time

NOTICED_SECONDS = 0.1e-3
"""Far more than a turn of the loop takes, and than an interrupt does."""


def pauses_seconds(seconds: float) -> list[float]:
    """Return what passed between two turns of a loop, where it was long."""
    found: list[float] = []
    before = time.perf_counter()
    end = before + seconds
    while before < end:
        now = time.perf_counter()
        if now - before > NOTICED_SECONDS:
            found.append(now - before)
        before = now
    return found


def main(seconds: str) -> None:
    """Look, and print what was lost."""
    found = pauses_seconds(float(seconds))
    print(sum(found) / float(seconds) * 1000, max(found, default=0.0) * 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
