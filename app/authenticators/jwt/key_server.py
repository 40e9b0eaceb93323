"""GET of key documents from the server that publishes them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from app.authenticators.http_client import HttpClient
from app.errors import NoAnswer

MAX_BYTES: Final = 256 * 1024

_CONNECTIONS: Final = 4
_NOT_FOUND: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_HEADERS: Final = {"Accept": "application/json, */*;q=0.1"}


class FetchFailed(Exception):
    """No document came. The message says why, and quotes nothing that came instead."""


class NotThere(FetchFailed):
    """The server answers that it has no such document."""


class KeyServer:
    """Fetches documents from `start` to `stop`, each over a connection of its own.

    `timeout_seconds` is for the whole answer, `connections` how many are open at a time.
    """

    def __init__(self, *, timeout_seconds: float, connections: int = _CONNECTIONS) -> None:
        self._client = HttpClient(
            purpose="keys",
            timeout_seconds=timeout_seconds,
            max_bytes=MAX_BYTES,
            connections=connections,
        )

    async def start(self) -> None:
        """Allow fetches; nothing is fetched yet."""
        await self._client.start()

    async def stop(self) -> None:
        """Close all connections."""
        await self._client.stop()

    async def get(self, address: str) -> bytes:
        """Return the body of a 200.

        Raises:
            NotThere: 403, 404 or 410.
            FetchFailed: any other status, no answer in time, or one that is too long or packed.
        """
        try:
            answer = await self._client.ask("GET", address, _HEADERS)
        except NoAnswer as error:
            raise FetchFailed(str(error)) from None
        if answer.status in _NOT_FOUND:
            raise NotThere(f"status {answer.status}")
        if answer.status != HTTPStatus.OK:
            raise FetchFailed(f"status {answer.status}")
        if answer.body is None:
            raise FetchFailed(f"the answer is {answer.unread}")
        return answer.body
