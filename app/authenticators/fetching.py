"""GET of a small document: bounded in time and size, with no redirects and no surprises."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

import aiohttp

from app import __version__

MAX_BYTES: Final = 256 * 1024

_OK: Final = 200
_NOT_FOUND: Final = frozenset({403, 404, 410})
_CHUNK_BYTES: Final = 16 * 1024
_HEADERS: Final = {
    "Accept": "application/json, */*;q=0.1",
    "Accept-Encoding": "identity",  # nothing is unpacked: a small bomb would be a large document
    "User-Agent": f"marketplace-sso/{__version__}",
}


class FetchFailed(Exception):
    """No document came; the message says why, and quotes nothing of what came instead."""


class NotThere(FetchFailed):
    """The server is there, and says that the document is not."""


class Fetcher:
    """A session of its own, from `start` to `stop`. `timeout_seconds` is for the whole answer."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session. Certificates are verified against those of OpenSSL."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=ssl.create_default_context(), limit=4, force_close=True
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
        )
        # Or it asks a second time where the server hangs up: one fetch would be two.
        self._session._retry_connection = False  # noqa: SLF001 - there is no public switch

    async def stop(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, address: str) -> bytes:
        """Give the body of a 200.

        Raises:
            NotThere: 403, 404 or 410.
            FetchFailed: any other status, no answer in time, no answer at all, or too long a one.
        """
        if self._session is None:
            raise FetchFailed("nothing is fetched before the start or after the end")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._get(self._session, address)
        except TimeoutError:
            raise FetchFailed(f"no whole answer within {self._timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchFailed(type(error).__name__) from None

    async def _get(self, session: aiohttp.ClientSession, address: str) -> bytes:
        body = bytearray()
        async with session.get(address, allow_redirects=False) as response:
            if response.status in _NOT_FOUND:
                raise NotThere(f"status {response.status}")
            if response.status != _OK:
                raise FetchFailed(f"status {response.status}")
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise FetchFailed(f"the answer is over {MAX_BYTES} bytes long")
        return bytes(body)
