"""How many files and connections a process may have open."""

from __future__ import annotations

import resource
from typing import Final

from app.settings.problems import InvalidSettings, Problem

_RESERVED_DESCRIPTORS: Final = 160
"""For what is not a client's connection: files, key servers, the pool to the host."""

_FEWEST_DESCRIPTORS: Final = 64
"""A worker without a connection has 20; the others are for connections."""


def raise_descriptor_limit(workers: int) -> None:
    """Raise the soft limit of open files to the hard one.

    Raises:
        InvalidSettings: too few. Gunicorn's first process has a file for each worker, and twice as
            many during a reload.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < (fewest := _FEWEST_DESCRIPTORS + 2 * workers):
        wrong = f"is {hard}: {workers} workers need {fewest} open files at least; raise the limit"
        raise InvalidSettings([Problem("ulimit -n", wrong)])
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connection_capacity() -> int:
    """Return how many connections leave enough descriptors for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - _RESERVED_DESCRIPTORS, soft // 2)
