"""The demo as it is started, and what a user does in it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, expect

START_SECONDS = 30.0
_COMMAND = ("-m", "app", "demo", "--host-port", "0", "--marketplace-port", "0")


@dataclass(frozen=True)
class Demo:
    """A running demo: its origins, and the log of the service in it."""

    host: str
    marketplace: str
    service: str
    log: Path

    def minted(self) -> int:
        """How many tokens the service has made so far, by its own word."""
        return len(re.findall(r"\bsign_on\b", self.log.read_text()))


@contextlib.contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Run it for the length of a block."""
    out, log = folder / "stdout", folder / "stderr"
    with out.open("w") as stdout, log.open("w") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            (sys.executable, *_COMMAND), stdout=stdout, stderr=stderr, env={"PATH": os.defpath}
        )
    try:
        yield Demo(**_origins(process, out), log=log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def _origins(process: subprocess.Popen[bytes], out: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl-C ends the demo." not in (text := out.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the demo does not come up: {text}")
        time.sleep(0.05)
    found = dict(re.findall(r"^  ([a-z ]+?) +(http://\S+)$", text, re.MULTILINE))
    return {name.partition(" ")[0]: origin for name, origin in found.items()}


def sign_in(page: Page, demo: Demo, path: str = "/", name: str = "Ada") -> None:
    page.goto(demo.host + path)
    page.get_by_role("button", name=name).click()
    page.wait_for_url(demo.host + path)


def marketplace(page: Page) -> FrameLocator:
    return page.frame_locator("marketplace-embed iframe")


def see(page: Page, words: str) -> None:
    expect(marketplace(page).locator("#verdict")).to_contain_text(words)
