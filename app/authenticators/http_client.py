"""One question to the host application: bounded in time, size and connections, and no redirects."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp

from app import __version__
from app.errors import AuthenticatorUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES: Final = 64 * 1024
MAX_CONNECTIONS: Final = 100
"""At a time, to one host; who finds none waits for one, within the time that an answer has."""

_KEEP_ALIVE_SECONDS: Final = 1.5
"""Under the shortest that servers are shipped with (gunicorn: 2 s), so that the host does not hang
up on a question on its way."""

_HEADERS: Final = {
    "Accept-Encoding": "identity",  # nothing is unpacked: a small bomb would be a large answer
    "User-Agent": f"marketplace-sso/{__version__}",
}


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """An answer: header names are in lower case, `body` is `None` where it is too long."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes | None

    def all(self, name: bytes) -> list[bytes]:
        """Give the values of a header, whose `name` is in lower case."""
        return [value for each, value in self.headers if each == name]


class HostClient:
    """Pooled connections to the host, from the first question to `stop`.

    It keeps no cookie, follows no redirect and uses no proxy of the environment: what is sent goes
    to the address that is given, and to no other. `timeout_seconds` is for the whole answer.
    """

    def __init__(self, *, timeout_seconds: float, connections: int = MAX_CONNECTIONS) -> None:
        self._timeout_seconds = timeout_seconds
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the pool, which connects to nobody yet."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                keepalive_timeout=_KEEP_ALIVE_SECONDS,
                ssl=ssl.create_default_context(),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),  # the one below is for all of it
            auto_decompress=False,
        )

    async def stop(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> HostAnswer:
        """Ask, and give what comes.

        Raises:
            AuthenticatorUnavailable: no whole answer in time.
        """
        if self._session is None:
            await self.start()
        session: aiohttp.ClientSession = self._session  # type: ignore[assignment] # just opened
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                session.request(
                    method, address, headers=headers, data=form, allow_redirects=False
                ) as response,
            ):
                received = tuple((name.lower(), value) for name, value in response.raw_headers)
                return HostAnswer(response.status, received, await _body(response.content))
        except TimeoutError:
            reason = f"no whole answer within {self._timeout_seconds:g} s"
            raise AuthenticatorUnavailable(reason) from None
        except (aiohttp.ClientError, OSError) as error:
            raise AuthenticatorUnavailable(f"no answer: {type(error).__name__}") from None


async def _body(content: aiohttp.StreamReader) -> bytes | None:
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)
