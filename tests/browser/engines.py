"""Debian's Chromium, Firefox and WebKitGTK, each with a fresh profile and a policy for cookies."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from tests.system.service import free_port

from .webdriver import OverHttp, OverMarionette, Tab

Cookies = Literal["usual", "allowed", "blocked"]
"""Cookies of other sites in frames: as the engine comes, all kept, or none."""

START_SECONDS: Final = 30
_MINI_BROWSER: Final = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser"


@dataclass(frozen=True)
class Engine:
    """A browser, and the files of the packages that it needs."""

    name: str
    packages: str
    needs: tuple[str, ...]
    running: Callable[[Path, Cookies], contextlib.AbstractContextManager[Tab]]

    @property
    def is_installed(self) -> bool:
        return all(Path(file).exists() for file in self.needs)


@contextlib.contextmanager
def _process(
    command: list[str],
    folder: Path,
    *,
    handed_on: tuple[int, ...] = (),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[None]:
    """Run a program for the length of a block; it writes into `folder` only."""
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the programs are named here
            command,
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(folder), **environment},
            pass_fds=handed_on,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _eventually(read: Callable[[], Any]) -> Any:
    """Return what a program that is starting gives."""
    ends = time.monotonic() + START_SECONDS
    while True:
        try:
            return read()
        except (OSError, ValueError):
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


@contextlib.contextmanager
def _chromium(folder: Path, cookies: Cookies) -> Iterator[Tab]:
    controls = {"usual": None, "allowed": 0, "blocked": 1}[cookies]
    switches = ["headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run"]
    switches += ["disable-background-networking", "disable-component-update", "disable-sync"]
    options: dict[str, Any] = {"binary": "/usr/bin/chromium", "args": switches}
    if controls is not None:
        options["prefs"] = {"profile.cookie_controls_mode": controls}
    port = free_port()
    with _process(["/usr/bin/chromedriver", f"--port={port}"], folder):
        wanted = {"acceptInsecureCerts": True, "goog:chromeOptions": options}
        transport = _eventually(lambda: OverHttp(port, wanted))
        yield Tab(transport)
        transport("DeleteSession", {})


@contextlib.contextmanager
def _firefox(folder: Path, cookies: Cookies) -> Iterator[Tab]:
    preferences: dict[str, Any] = {
        "marionette.port": 0,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "app.normandy.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "http://127.0.0.1:9/",
    }
    if cookies != "usual":
        preferences["network.cookie.cookieBehavior"] = 0 if cookies == "allowed" else 1
    lines = (f'user_pref("{name}", {json.dumps(value)});' for name, value in preferences.items())
    (folder / "user.js").write_text("\n".join(lines))
    command = ["/usr/bin/firefox-esr", "--headless", "--marionette", "--no-remote"]
    with _process([*command, "--profile", str(folder)], folder):
        port = folder / "MarionetteActivePort"
        wanted = {"acceptInsecureCerts": True}
        transport = _eventually(lambda: OverMarionette(int(port.read_text()), wanted))
        with contextlib.closing(transport):
            yield Tab(transport)


@contextlib.contextmanager
def _webkit(folder: Path, cookies: Cookies) -> Iterator[Tab]:
    switches = {"allowed": ["--cookies-policy=always"], "blocked": ["--enable-itp"]}
    options = {"binary": _MINI_BROWSER, "args": ["--automation", *switches.get(cookies, [])]}
    port = free_port()
    with _display(folder) as display:
        environment = {"DISPLAY": display, "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
        with _process(
            ["/usr/bin/WebKitWebDriver", f"--port={port}"], folder, environment=environment
        ):
            wanted = {"acceptInsecureCerts": True, "webkitgtk:browserOptions": options}
            transport = _eventually(lambda: OverHttp(port, wanted))
            yield Tab(transport)
            transport("DeleteSession", {})


@contextlib.contextmanager
def _display(folder: Path) -> Iterator[str]:
    """Run a screen that nobody sees; WebKitGTK has no headless mode."""
    number, end = os.pipe()
    command = ["/usr/bin/Xvfb", "-displayfd", str(end), "-nolisten", "tcp"]
    with _process(command, folder, handed_on=(end,)), os.fdopen(number) as told:
        os.close(end)
        yield f":{told.readline().strip()}"


ENGINES: Final = {
    engine.name: engine
    for engine in (
        Engine(
            "Chromium",
            "chromium chromium-driver",
            ("/usr/bin/chromium", "/usr/bin/chromedriver"),
            _chromium,
        ),
        Engine("Firefox", "firefox-esr", ("/usr/bin/firefox-esr",), _firefox),
        Engine(
            "WebKit",
            "webkit2gtk-driver xvfb",
            ("/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb", _MINI_BROWSER),
            _webkit,
        ),
    )
}
