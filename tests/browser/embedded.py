"""A page of the host with `<marketplace-embed>` in it, and what the element tells that page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

from .conftest import World

EVENTS = [
    "sso-ready",
    "sso-renewed",
    "sso-login-required",
    "sso-error",
    "sso-timeout",
    "vendor-event",
]
LISTEN = f"""<script>
window.told = [];
for (const name of {json.dumps(EVENTS)})
  document.addEventListener(name, (event) => {{
    window.told.push([name, event.detail]);
    if (name === "sso-login-required") event.preventDefault();
  }});
</script>"""
DOCUMENT = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text(encoding="utf-8")


def show(
    world: World,
    page: Page,
    markup: str,
    *,
    path: str = "/page",
    query: str = "",
    listening: str = LISTEN,
) -> None:
    """Show a page of the host with this in it, after the element's script."""
    script = f'<script type="module" src="{world.service}/pandium-sso/embed.js"></script>'
    address = world.sites.put(f"{world.host}{path}", listening + script + markup)
    page.goto(f"{address}{query}")


def element(world: World, path: str = "/pandium-sso", attributes: str = "") -> str:
    return f'<marketplace-embed src="{world.service}{path}" {attributes}></marketplace-embed>'


def told(page: Page, name: str, count: int = 1) -> list[dict[str, Any]]:
    """The details of the events of this name, once there are `count` of them."""
    page.wait_for_function(
        "([name, count]) => window.told.filter(([each]) => each === name).length >= count",
        arg=[name, count],
    )
    return of(page, name)


def of(page: Page, name: str) -> list[dict[str, Any]]:
    return [detail for each, detail in page.evaluate("window.told") if each == name]


def vendors(page: Page, world: World) -> Frame:
    (frame,) = [each for each in page.frames if each.url.startswith(world.vendor)]
    return frame


def post(frame: Frame, data: object) -> None:
    frame.evaluate("(data) => window.parent.postMessage(data, '*')", data)
