"""How many files and connections a process may have open."""

from __future__ import annotations

import resource
from typing import Final

_RESERVED_DESCRIPTORS: Final = 160
"""For what is not a client's connection: files, key servers, the pool to the host."""


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files to the hard one, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def connection_capacity() -> int:
    """Return how many connections leave enough descriptors for everything else."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - _RESERVED_DESCRIPTORS, soft // 2)
