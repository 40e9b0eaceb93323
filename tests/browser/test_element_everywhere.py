"""`<marketplace-embed>` in every engine: what it shows and tells, and to whom it hands a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .asking import ASKING, QUESTION
from .embedded import DOCUMENT, LISTEN
from .engines import Engine
from .neighbours import Neighbours
from .webdriver import Tab

POST = "parent.postMessage(arguments[0], '*')"
QUIET = "const done = arguments[arguments.length - 1]; setTimeout(done, 500)"


class HostPage:
    """A page of the host with the element in it, under the policy that the documents recommend."""

    def __init__(self, around: Neighbours, tab: Tab) -> None:
        self.around = around
        self.tab = tab

    def open(self, path: str, beside: str = "", origin: str = "") -> None:
        (policy,) = re.findall(r"^Content-Security-Policy: (.+)$", DOCUMENT, re.MULTILINE)
        policy = policy.replace("https://sso.acme.example", self.around.service)
        policy = policy.replace("https://imp.pandium.io", f"{self.around.vendor} https:")
        policy = policy.replace("script-src", "script-src 'nonce-the-hosts'")
        source = f"{self.around.service}{path}"
        markup = (
            LISTEN.replace("<script>", '<script nonce="the-hosts">')
            + f'<script type="module" src="{source}/embed.js"></script>'
            + f'<marketplace-embed src="{source}" title="Our integrations"></marketplace-embed>'
            + beside
        )
        page = f"{origin or self.around.host}/page"
        self.tab.open(self.around.sites.put(page, markup, Content_Security_Policy=policy))

    def told(self, name: str) -> list[dict[str, Any]]:
        """The details of the events of this name."""
        self.tab.to_frame(None)
        told = self.tab.run("return window.told")
        return [detail for each, detail in told if each == name]

    def waits_for(self, name: str) -> dict[str, Any]:
        (detail,) = self.tab.until(lambda: self.told(name), f"told {name}")
        return dict(detail)

    def is_in(self, address: str) -> bool:
        """Go on in the frame with this address; engines count frames in orders of their own."""
        self.tab.to_frame(None)
        for frame in range(int(self.tab.run("return window.length"))):
            self.tab.to_frame(None)
            self.tab.to_frame(frame)
            if self.tab.run("return location.href").startswith(address):
                return bool(self.tab.run("return Array.isArray(window.heard)"))
        return False

    def asks_in(self, address: str) -> None:
        """Let a page in a frame ask the one around it for a new token."""
        self.tab.until(lambda: self.is_in(address), f"shown {address}")
        self.tab.run(POST, QUESTION)

    def heard(self, address: str) -> list[dict[str, Any]]:
        assert self.is_in(address)
        return list(self.tab.run("return window.heard"))

    def minted(self) -> int:
        return len(re.findall('"event":"sign_on"', self.around.process.stdout))


@pytest.fixture
def host(around: Neighbours, engine: Engine, tmp_path: Path) -> Iterator[HostPage]:
    around.begin()
    around.sites.put(f"{around.vendor}/asking", ASKING)
    with engine.running(tmp_path, "usual") as tab:
        yield HostPage(around, tab)


def sign_in(host: HostPage) -> None:
    host.tab.open(host.around.login)
    host.tab.until(lambda: "Nothing" in host.tab.text(), "signed in")


@pytest.mark.requirement("R40")
def test_it_shows_the_marketplace_and_says_so(host: HostPage) -> None:
    sign_in(host)
    host.open("/pandium-sso")

    detail = host.waits_for("sso-ready")
    assert detail == {"origin": host.around.vendor, "expiresAt": detail["expiresAt"]}
    assert host.tab.until(lambda: "of ada" in host.tab.framed_text(), "shown the marketplace")
    attributes = (
        "return [...document.querySelector('iframe').attributes].map((a) => [a.name, a.value])"
    )
    shown = dict(host.tab.run(attributes))
    assert shown["title"] == "Our integrations"
    assert shown["referrerpolicy"] == "strict-origin"
    assert shown["src"] == f"{host.around.service}/pandium-sso"
    assert host.tab.run("return document.querySelector('marketplace-embed').ariaBusy") is None


@pytest.mark.requirement("R39", "R71")
def test_two_hosts_share_the_script_that_the_browser_keeps(host: HostPage) -> None:
    sign_in(host)
    for origin in (host.around.host, host.around.other_host):
        host.open("/pandium-sso", origin=origin)

        assert host.waits_for("sso-ready")["origin"] == host.around.vendor


@pytest.mark.requirement("R40")
def test_without_a_session_the_page_is_told_and_may_decide(host: HostPage) -> None:
    host.open("/pandium-sso")

    detail = host.waits_for("sso-login-required")
    assert detail["loginUrl"].startswith(host.around.service)
    assert host.tab.address == f"{host.around.host}/page"  # it prevents the way to the login


@pytest.mark.requirement("R71", "R40")
def test_a_page_in_it_gets_a_new_token_and_stays(host: HostPage) -> None:
    sign_in(host)
    host.open("/asking-sso")
    host.waits_for("sso-ready")
    own = f"{host.around.vendor}/asking"
    host.tab.until(lambda: host.is_in(own), "shown the vendor's page")
    first = host.tab.run(
        "document.querySelector('input').value = 'half a sentence'; return location.href"
    )

    host.asks_in(own)

    (answer,) = host.tab.until(lambda: host.heard(own), "answered")
    token = answer["data"]["data"]["guestToken"]
    assert answer["origin"] == host.around.host
    assert token.startswith("eyJ")
    assert token not in first
    assert host.tab.run("return document.querySelector('input').value") == "half a sentence"
    assert host.waits_for("sso-renewed")["origin"] == host.around.vendor


@pytest.mark.requirement("R71", "R40")
def test_no_other_window_and_no_other_origin_gets_one(host: HostPage) -> None:
    around = host.around
    sign_in(host)
    other, foreign, taken = (
        around.sites.put(address, ASKING)
        for address in (
            f"{around.vendor}/other",
            f"{around.tenant}/frame",
            f"{around.tenant}/taken",
        )
    )
    frames = "".join(f'<iframe src="{each}"></iframe>' for each in (other, foreign))
    host.open("/asking-sso", frames)
    host.waits_for("sso-ready")
    host.tab.until(lambda: host.is_in(f"{around.vendor}/asking"), "shown the vendor's page")
    before = host.minted()

    host.tab.run("location.href = arguments[0]", taken)
    for address in (other, foreign, taken):
        host.asks_in(address)
    host.tab.to_frame(None)
    host.tab.run(POST, QUESTION)
    host.tab.run_async(QUIET)

    assert host.minted() == before
    assert host.told("sso-renewed") == []
    assert [host.heard(address) for address in (other, foreign, taken)] == [[], [], []]
