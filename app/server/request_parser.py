"""Requests as bytes: parsed by httptools, and bounded where strangers send them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

import httptools

from app.server.methods import with_known_method

MAX_HEAD_BYTES: Final = 48 * 1024
"""A request line, header fields of 32 KiB, and names with an underscore, which do not count."""

MAX_TARGET_BYTES: Final = 8176
"""The target of a request line of 8190 bytes with its method and version."""

MAX_FIELDS: Final = 100

_VERSIONS: Final = frozenset({"1.0", "1.1"})
_METHOD_BYTES: Final = 40
_UNDERSCORE: Final = ord("_")  # as bytes it takes seven times as long to find, in each field

Scope = dict[str, Any]
"""What ASGI says of a request; all but who is at the two ends of its connection."""


class BadRequest(ValueError):
    """Bytes that are no plain request, and the status of the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RequestParser:
    """The requests of one connection.

    `on_request` is called with each as soon as its head is whole, and whether the connection may
    be kept after it. A body is not waited for; nothing after one is read: then `is_done`.
    """

    def __init__(self, on_request: Callable[[Scope, bool], None]) -> None:
        self.is_done = False
        self._on_request = on_request
        self._parser: Any = httptools.HttpRequestParser(self)
        # What follows a request with `Connection: close` is no fault of that request.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._head_bytes = 0
        self._status = 400
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._has_host = self._has_body = False

    def feed(self, data: bytes) -> None:
        """Parse what came, a head no further than its bound.

        Raises:
            BadRequest: nothing of it, and nothing that follows, is a request.
        """
        left = MAX_HEAD_BYTES - self._head_bytes
        if self._head_bytes == 0:
            if b"  " in data[:_METHOD_BYTES].partition(b"\r")[0]:
                raise BadRequest(400)  # a request line with two blanks, which the parser takes
            data = with_known_method(data)
        self._head_bytes += len(data)
        self._parse(data[:left])
        if len(data) > left and not self.is_done:
            if self._head_bytes:
                raise BadRequest(431)
            self._parse(data[left:])

    def end(self) -> None:
        """Let go of the parser, which holds on to this one: both are gone without a collection."""
        self._parser = None

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # nothing is upgraded: an answer as to any other request
        except httptools.HttpParserError:
            if self._status:
                raise BadRequest(self._status) from None

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self.is_done:
            self._stop(0)
        self._target = b""
        self._fields = []
        self._has_host = self._has_body = False

    def on_url(self, url: bytes) -> None:
        """Bound the target."""
        self._target += url
        if len(self._target) > MAX_TARGET_BYTES:
            self._stop(414)
        if b"#" in self._target.partition(b"?")[0]:  # a path has none (RFC 9112, section 3.2)
            self._stop(400)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a field, unless its name has an underscore: others read that as a hyphen."""
        if _UNDERSCORE in name:
            return
        name, value = name.lower(), value.strip(b" \t")  # the parser leaves tabs
        if name == b"host":
            if self._has_host:
                self._stop(400)
            self._has_host = True
        elif name == b"content-length":
            self._has_body = self._has_body or value != b"0"
        elif name == b"transfer-encoding":
            self._has_body = True
            if value.lower() != b"chunked":
                self._stop(400)
        elif name == b"upgrade" and value.lower() == b"websocket":
            self._stop(400)
        if len(self._fields) >= MAX_FIELDS:
            self._stop(431)
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """Tell of the request."""
        version = self._parser.get_http_version()
        if version not in _VERSIONS or (version == "1.0" and self._is_chunked()):
            self._stop(400)
        scope = self._scope(version)
        self._head_bytes = 0
        self.is_done = self._has_body or self._parser.should_upgrade()
        is_kept = version != "1.0" and not self.is_done and self._parser.should_keep_alive()
        self._on_request(scope, is_kept)

    def _scope(self, version: str) -> Scope:
        target = httptools.parse_url(self._target)
        path = target.path.decode("ascii")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": version,
            "method": self._parser.get_method().decode("ascii"),
            "scheme": "http",
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": target.path,
            "query_string": target.query or b"",
            "headers": self._fields,
        }

    def _is_chunked(self) -> bool:
        return any(name == b"transfer-encoding" for name, _ in self._fields)

    def _stop(self, status: int) -> None:
        """End the parsing, with a refusal unless the status is 0."""
        self._status = status
        raise ValueError(status)
