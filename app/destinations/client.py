"""Who asks a vendor's API: what an exchange wants of the HTTP client that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Answer(Protocol):
    """What a vendor's API answers; a body of `None` is not read, and `unread` says why."""

    @property
    def status(self) -> int:
        """The status code."""

    @property
    def body(self) -> bytes | None:
        """The whole body."""

    @property
    def unread(self) -> str:
        """Why it is not read: it is too long, or packed."""


class Client(Protocol):
    """Who asks: bounded in time and size, never twice, and never anywhere else."""

    async def start(self) -> None:
        """Allow questions."""

    async def stop(self) -> None:
        """Close all connections."""

    async def ask(
        self, method: str, address: str, headers: Mapping[str, str], *, body: bytes
    ) -> Answer:
        """Ask once.

        Raises:
            NoAnswer: no whole answer came.
        """
