"""A bounded load: a few threads that sign on again and again, and remember what came."""

import contextlib
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from .service import Answer, Client, Connection, NoAnswer, request

LONGEST_SECONDS = 90.0


@dataclass
class Load:
    """What came while it ran: answers with the times at which they were asked for and given."""

    answers: list[tuple[float, float, Answer]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def median_seconds(self) -> float:
        return statistics.median(end - start for start, end, _ in self.answers)

    def wait_for(self, count: int) -> None:
        """Wait until so many more answers have come."""
        wanted = len(self.answers) + count
        deadline = time.monotonic() + LONGEST_SECONDS
        while len(self.answers) < wanted and time.monotonic() < deadline:
            time.sleep(0.005)
        assert len(self.answers) >= wanted, f"{len(self.answers)} of {wanted} answers came"


@contextlib.contextmanager
def load(
    bind: str, target: str, *fields: str, threads: int = 4, keep: bool = False
) -> Iterator[Load]:
    """Sign on from `threads` connections; `keep` keeps each one, or else every request has its own.

    A kept connection is made anew where the service has closed it, as proxies do.
    """
    seen = Load()
    sent = request(target, *fields, *(() if keep else ("Connection: close",)))

    def ask() -> Answer:
        with contextlib.closing(Connection(bind)) as connection:
            return connection.exchange(sent)

    def run() -> None:
        client = Client(bind)
        deadline = time.monotonic() + LONGEST_SECONDS
        while not seen.ended.is_set() and time.monotonic() < deadline:
            start = time.time()
            try:
                answer = client.exchange(sent) if keep else ask()
            except (OSError, NoAnswer) as error:
                seen.failures.append(repr(error))
            else:
                seen.answers.append((start, time.time(), answer))
        client.close()

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield seen
    finally:
        seen.ended.set()
        for thread in running:
            thread.join()
