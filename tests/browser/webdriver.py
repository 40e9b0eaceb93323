"""A page of a browser by the WebDriver commands that Chromium, Firefox and WebKit all have.

Debian has no geckodriver, but Firefox speaks the same commands itself: its Marionette takes them as
JSON over TCP (https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html), the other
two as HTTP (https://www.w3.org/TR/webdriver2/#endpoints).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

WAIT_SECONDS: Final = 15
COMMAND_SECONDS: Final = 60

_ENDPOINTS: Final = {
    "NewSession": ("POST", ""),
    "DeleteSession": ("DELETE", ""),
    "Navigate": ("POST", "/url"),
    "GetCurrentURL": ("GET", "/url"),
    "Back": ("POST", "/back"),
    "ExecuteScript": ("POST", "/execute/sync"),
    "ExecuteAsyncScript": ("POST", "/execute/async"),
    "SwitchToFrame": ("POST", "/frame"),
    "FindElement": ("POST", "/element"),
    "ElementClick": ("POST", "/element/{id}/click"),
    "SetWindowRect": ("POST", "/window/rect"),
    "TakeScreenshot": ("GET", "/screenshot"),
}


class Failed(Exception):
    """The browser could not do what it was told."""


class Transport(Protocol):
    """Carries out one command and returns its value."""

    def __call__(self, name: str, parameters: dict[str, Any]) -> Any: ...


class OverHttp:
    """The commands as chromedriver and WebKitWebDriver take them, in a session of its own."""

    def __init__(self, port: int, capabilities: dict[str, Any]) -> None:
        self._port = port
        self._session = ""
        wanted = {"capabilities": {"alwaysMatch": capabilities}}
        self._session = f"/{self('NewSession', wanted)['sessionId']}"

    def __call__(self, name: str, parameters: dict[str, Any]) -> Any:
        method, path = _ENDPOINTS[name]
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=COMMAND_SECONDS)
        body = json.dumps(parameters) if method == "POST" else None
        target = f"/session{self._session}{path.format(**parameters)}"
        with contextlib.closing(connection):
            connection.request(method, target, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())["value"]
        if answer.status != 200:
            raise Failed(f"{name}: {value['error']}: {value['message']}")
        return value


class OverMarionette:
    """The commands as Firefox takes them: a length, a colon, and JSON."""

    def __init__(self, port: int, capabilities: dict[str, Any]) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), COMMAND_SECONDS)
        self._stream = self._socket.makefile("rwb")
        self._read()  # it says who it is
        self("NewSession", capabilities)

    def __call__(self, name: str, parameters: dict[str, Any]) -> Any:
        message = json.dumps([0, 1, f"WebDriver:{name}", parameters]).encode()
        self._stream.write(b"%d:%b" % (len(message), message))
        self._stream.flush()
        _, _, error, value = self._read()
        if error:
            raise Failed(f"{name}: {error['error']}: {error['message']}")
        return value["value"] if value and set(value) == {"value"} else value

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _read(self) -> Any:
        length = b""
        while (character := self._stream.read(1)) != b":":
            if not character:
                raise Failed("Firefox has ended")
            length += character
        return json.loads(self._stream.read(int(length)))


class Tab:
    """The one tab of a browser."""

    def __init__(self, transport: Transport) -> None:
        self._do = transport

    def open(self, address: str) -> None:
        """Open an address, as if it was typed; an error page is no failure."""
        try:
            self._do("Navigate", {"url": address})
        except Failed as failed:
            if "about:neterror" not in str(failed) and "TOO_MANY" not in str(failed):
                raise

    @property
    def address(self) -> str:
        return str(self._do("GetCurrentURL", {}))

    def back(self) -> None:
        self._do("Back", {})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page, or in the frame that is switched to."""
        return self._do("ExecuteScript", {"script": script, "args": list(arguments)})

    def run_async(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function whose last argument takes the result."""
        return self._do("ExecuteAsyncScript", {"script": script, "args": list(arguments)})

    def text(self) -> str:
        return str(self.run("return document.body ? document.body.innerText : ''"))

    def to_frame(self, index: int | None) -> None:
        """Go on in a frame of where we are; in the page itself for `None`."""
        self._do("SwitchToFrame", {"id": index})

    def framed_text(self, index: int = 0) -> str:
        """The text of a frame; empty while there is none."""
        self.to_frame(None)
        try:
            self.to_frame(index)
            return self.text()
        except Failed:
            return ""
        finally:
            self.to_frame(None)

    def click(self, selector: str) -> None:
        """Click as a user does."""
        found = self._do("FindElement", {"using": "css selector", "value": selector})
        self._do("ElementClick", {"id": next(iter(found.values()))})

    def resize(self, width: int, height: int) -> None:
        self._do("SetWindowRect", {"width": width, "height": height})

    def until(self, holds: Callable[[], Any], what: str) -> Any:
        """Wait until something holds, and return it; pages change while they are looked at."""
        ends = time.monotonic() + WAIT_SECONDS
        failed: Failed | None = None
        while time.monotonic() < ends:
            try:
                if found := holds():
                    return found
            except Failed as error:
                failed = error
            time.sleep(0.05)
        raise AssertionError(f"never {what}; at {self.address}: {self.text()!r} {failed or ''}")
