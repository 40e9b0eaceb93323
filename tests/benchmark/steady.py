"""Asks a server at a steady rate, however long its answers take.

A program of its own, so that it has a core of its own: PORT PATH SPACING RATE SECONDS, and header
fields as JSON on standard input; SPACING is `even`, or `random` as people come. It prints p50 and
p99 in milliseconds. Time counts from when a request was due, so that nothing is left out where the
server falls behind. Nothing sleeps: timers would come in bundles, and so would the requests.
"""

from __future__ import annotations

import gc
import json
import random
import selectors
import socket
import statistics
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping

CONNECTIONS = 64
LONGEST_HEAD_BYTES = 65536


def latencies_ms(
    port: int, request: bytes, gaps_seconds: Iterator[float], seconds: float
) -> list[float]:
    """Return the times of all answers; `gaps_seconds` are those between the requests.

    Raises:
        RuntimeError: an answer that is no redirect, or comes in pieces.
    """
    found: list[float] = []
    due_at: dict[socket.socket, float] = {}
    selector = selectors.DefaultSelector()
    idle = deque(socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS))
    for connection in idle:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
    due = time.perf_counter()
    end = due + seconds
    while due < end or due_at:
        while idle and due < min(end, time.perf_counter()):
            connection = idle.popleft()
            due_at[connection] = due
            connection.sendall(request)
            due += next(gaps_seconds)
        for key, _ in selector.select(0):
            connection = key.fileobj  # type: ignore[assignment] # the sockets from above
            answer = connection.recv(LONGEST_HEAD_BYTES)
            found.append((time.perf_counter() - due_at.pop(connection)) * 1000)
            if not (answer.startswith(b"HTTP/1.1 307 ") and answer.endswith(b"\r\n\r\n")):
                raise RuntimeError(f"no redirect: {answer[:40]!r}")
            idle.append(connection)
    for connection in idle:
        connection.close()
    return found


def request_for(path: str, headers: Mapping[str, str]) -> bytes:
    """Write a request as it goes over the wire."""
    fields = {"Host": "127.0.0.1", **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def gaps(spacing: str, rate: float) -> Iterator[float]:
    """Yield the seconds between requests, forever."""
    while True:
        yield random.expovariate(rate) if spacing == "random" else 1 / rate


def main(port: str, path: str, spacing: str, rate: str, seconds: str) -> None:
    """Ask, and print what came."""
    gc.disable()
    request = request_for(path, json.load(sys.stdin))
    found = latencies_ms(int(port), request, gaps(spacing, float(rate)), float(seconds))
    percentiles = statistics.quantiles(found, n=100)
    print(percentiles[49], percentiles[98])


if __name__ == "__main__":
    main(*sys.argv[1:])
