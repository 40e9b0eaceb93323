"""Login proxies as processes of their own: shipped recipes with addresses of this machine."""

import contextlib
import http.client
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

from tests.packaging.login_proxy import wait_for
from tests.system.service import ROOT

RECIPES = ROOT / "config/proxies"
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {**PAGE, "Sec-Fetch-Dest": "iframe"}
SCRIPT = {"Accept": "application/json", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def recipe(name: str, addresses: Mapping[str, str]) -> str:
    """Return the text of a recipe with other addresses; each replaced one must be in it."""
    text = (RECIPES / name).read_text()
    for shipped, here in addresses.items():
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    return text


@contextlib.contextmanager
def running(
    command: list[str],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 5,
) -> Iterator[None]:
    """Run a server that stays in the foreground, until the block ends.

    It listens within `seconds`.
    """
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603  # a server of Debian, or of our own environment
            command,
            env={"PATH": os.defpath, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        try:
            wait_for(port, seconds, server)
        except pytest.fail.Exception as reason:
            pytest.fail(f"{command[0]} does not listen: {reason}\n{log.read_text()}")
        yield
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


class Browser:
    """Keeps cookies by host and port, or as browsers do by host; follows nothing by itself."""

    def __init__(self, *, by_host: bool = False) -> None:
        self._by_host = by_host
        self.cookies: dict[str, dict[str, str]] = {}
        self.body = b""

    def get(self, url: str, headers: Mapping[str, str] = PAGE) -> http.client.HTTPResponse:
        return self._ask("GET", url, headers)

    def post(self, url: str, form: Mapping[str, str]) -> http.client.HTTPResponse:
        content = {"Content-Type": "application/x-www-form-urlencoded", **PAGE}
        return self._ask("POST", url, content, urlencode(form))

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: str | None = None
    ) -> http.client.HTTPResponse:
        parts = urlsplit(url)
        place = str(parts.hostname) if self._by_host else parts.netloc
        jar = self.cookies.setdefault(place, {})
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        connection = http.client.HTTPConnection(parts.netloc, timeout=10)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, {**headers, **(cookies if jar else {})})
        response = connection.getresponse()
        self.body = response.read()
        connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            jar[name] = value
        return response


def location(url: str, response: http.client.HTTPResponse) -> str:
    """Where an answer leads to."""
    return urljoin(url, str(response.headers["Location"]))
