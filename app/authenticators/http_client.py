"""The HTTP client of all who ask somebody: bounded in time, size and connections."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import aiohttp

from app import __version__
from app.errors import NoAnswer
from app.telemetry import tracing

_HEADERS: Final = {
    "Accept-Encoding": "identity",  # nothing is unpacked: a small bomb would be a large answer
    "User-Agent": f"marketplace-sso/{__version__}",
}
_PACKED: Final = frozenset({"br", "compress", "deflate", "gzip", "x-gzip", "zstd"})
"""Content codings (RFC 9110, section 8.4.1). Others are not: some servers write `utf-8` there."""

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


_WORDS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (aiohttp.ClientConnectorDNSError, "its name is not known"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (aiohttp.ClientSSLError, "TLS fails"),
    (aiohttp.ClientConnectorError, "it cannot be connected to"),
    (aiohttp.ServerDisconnectedError, "it hangs up"),
    (aiohttp.ClientPayloadError, "its answer is cut off"),
    (aiohttp.ClientResponseError, "its answer is not HTTP"),
    (OSError, "the connection fails"),
)
"""What each class of aiohttp's says; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, header names in lower case, and a body; `None` for one that is not read.

    `unread` then says why: it is too long, or packed.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes | None
    unread: str = ""

    def all(self, name: bytes) -> list[bytes]:
        """Return the values of a header; `name` is in lower case."""
        return [value for each, value in self.headers if each == name]


class HttpClient:
    """Connections from `start` to `stop`.

    It keeps no cookie, follows no redirect, tries nothing twice and uses no proxy of the
    environment: what is sent goes once to the address that is given, and to no other. Certificates
    are verified against those of OpenSSL.

    `purpose` names the questions in traces. `timeout_seconds` is for the whole answer, waiting for
    a connection included; `max_bytes` bounds its body, `connections` how many are open at a time.
    Each question has a connection of its own: whatever else a server sends on it, such as a second
    answer, is nobody's answer. (A kept connection gave it to the next question: aiohttp issue
    13656. A new one costs 0.24 ms on loopback, both ends together, and elsewhere a TLS handshake.)
    """

    def __init__(
        self,
        *,
        purpose: str,
        timeout_seconds: float,
        max_bytes: int,
        connections: int,
    ) -> None:
        self._purpose = purpose
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._tls: ssl.SSLContext | None = None

    async def start(self) -> None:
        """Allow questions; this connects to nobody yet."""
        if self._session is not None:
            return
        self._session = aiohttp.ClientSession(
            connector=self._connector(),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None),  # `ask` bounds all of it
            auto_decompress=False,
        )
        # Or aiohttp asks a second time where the server hangs up.
        self._session._retry_connection = False  # noqa: SLF001 - there is no public switch

    async def stop(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] = _NO_HEADERS,
        form: Mapping[str, str] | None = None,
        *,
        body: bytes | None = None,
    ) -> Answer:
        """Ask once, with a form or a body as it is, and return what comes.

        Raises:
            NoAnswer: no whole answer in time, or the client is not started.
        """
        if self._session is None:
            raise NoAnswer("nothing is asked before the start or after the end")
        sent = dict(headers)
        with tracing.question(self._purpose, method, address, sent) as answered:
            answer = await self._answer(self._session, method, address, sent, form or body)
            answered(answer.status)
        return answer

    async def _answer(
        self,
        session: aiohttp.ClientSession,
        method: str,
        address: str,
        headers: Mapping[str, str],
        data: Mapping[str, str] | bytes | None,
    ) -> Answer:
        try:
            async with (
                asyncio.timeout(self._timeout_seconds),
                session.request(
                    method, address, headers=headers, data=data, allow_redirects=False
                ) as response,
            ):
                received = tuple((name.lower(), value) for name, value in response.raw_headers)
                packed = response.headers.get("Content-Encoding", "").lower()
                if packed in _PACKED:
                    unread = f"packed with {packed}, which was not asked for"
                    return Answer(response.status, received, None, unread)
                body = await self._body(response.content)
                too_long = f"over {self._max_bytes} bytes long"
                return Answer(response.status, received, body, too_long if body is None else "")
        except TimeoutError:
            raise NoAnswer(f"no whole answer within {self._timeout_seconds:g} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NoAnswer(f"no answer: {_words(error)} ({type(error).__name__})") from None

    def _connector(self) -> aiohttp.TCPConnector:
        if self._tls is None:  # reading the certificates takes 25 ms
            self._tls = ssl.create_default_context()
        return aiohttp.TCPConnector(ssl=self._tls, limit=self._connections, force_close=True)

    async def _body(self, content: aiohttp.StreamReader) -> bytes | None:
        body = bytearray()
        async for chunk in content.iter_any():
            body += chunk
            if len(body) > self._max_bytes:
                return None
        return bytes(body)


def _words(error: Exception) -> str:
    words = next((words for kind, words in _WORDS if isinstance(error, kind)), "it is not whole")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        found = error.certificate_error
        words += f": {found.verify_message}"  # type: ignore[attr-defined] # aiohttp calls OpenSSL's error any Exception
    return words
