"""The pages as people meet them: for every kind of eyes, at every size, by the keyboard."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from .conftest import World
from .demo import Demo, see, sign_in
from .form_page import form_page

PICTURES = os.environ.get("PICTURES")
"""A folder for pictures of every page, to look at."""

WIDTHS = {"phone": 320, "desktop": 1280}
SCHEMES = ("light", "dark")


def faults(shown: Page | Frame, axe: str) -> list[str]:
    """What axe-core finds in a page, and nothing of what is framed in it."""
    shown.evaluate(axe)
    found: dict[str, Any] = shown.evaluate("axe.run(document, {iframes: false})")
    return [
        f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]
    ]


def assert_everybody_can_use(page: Page, shown: Page | Frame, axe: str, name: str) -> None:
    for width_name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 760})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            assert faults(shown, axe) == [], f"{name}, {width_name}, {scheme}"
            if PICTURES:
                page.wait_for_timeout(300)  # frames take a moment to follow a new size
                path = Path(PICTURES) / f"{name}-{width_name}-{scheme}.png"
                page.screenshot(path=path, full_page=True)
        wide = shown.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{name} has to be scrolled sideways on a {width_name}"


@pytest.mark.requirement("R37")
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("missing_claim", "/pandium-sso"),
        ("not_found", "/nothing"),
        ("invalid_parameter", "/pandium-sso?display=a&display=b"),
    ],
)
def test_an_error_page_is_accessible(
    world: World, page: Page, axe: str, name: str, address: str
) -> None:
    world.sites.identity = {"X-Forwarded-User": "u-17"}
    if "display" in address:
        world.sites.sign_in()
    page.goto(world.service + address)

    assert_everybody_can_use(page, page, axe, name)


def test_everybody_can_sign_in_from_a_frame(world: World, page: Page, axe: str) -> None:
    frame = f'<iframe src="{world.service}/pandium-sso" style="width:100%; height:30rem"></iframe>'
    page.goto(world.sites.put(f"{world.host}/page", frame))
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("main")).to_have_count(1)
    expect(inside.get_by_role("heading", level=1)).to_have_text("Please sign in")

    assert_everybody_can_use(page, page.frames[1], axe, "no_session")

    page.keyboard.press("Tab")
    expect(inside.get_by_role("link", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{world.vendor}/pandium?tenant=*")


def test_everybody_can_go_on_where_a_form_carries_the_token(page: Page, axe: str) -> None:
    page.set_content(form_page("https://vendor.example"))

    assert_everybody_can_use(page, page, axe, "form")


Show = Callable[[Page, Demo], None]


def login(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.host}/login")


def failed_login(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.host}/login")
    page.evaluate("document.forms[0].submit()")
    expect(page.get_by_role("alert")).to_be_visible()


def host(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    see(page, "Signed in as Ada")


def host_signed_out(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.host}/signed-out")


def marketplace(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "/install")
    page.goto(f"{demo.host}/pandium-sso/install/1121")


def refused_marketplace(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.marketplace}/pandium/acme?tenant=x")


def foreign(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.host}/attacks")
    page.get_by_role("link", name="foreign site").click()
    page.get_by_role("button", name="Try everything").click()
    expect(page.locator("#outcome")).not_to_be_empty(timeout=20_000)


def attacks(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "/attacks")
    expect(page.locator("#outcome")).to_have_text("All of them failed.")


def one_integration(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.host}/pandium-sso?integration_id=1121&display=settings")


DEMO = [
    *(login, failed_login, host, host_signed_out, foreign, attacks),
    *(marketplace, refused_marketplace, one_integration),
]


@pytest.mark.parametrize(
    "show",
    DEMO,
    ids=lambda show: show.__name__,
)
def test_everybody_can_use_the_demo(page: Page, demo: Demo, axe: str, show: Show) -> None:
    show(page, demo)

    assert_everybody_can_use(page, page, axe, f"demo-{show.__name__}")
