"""What a browser may ask the service for, and what it is given; the service counts what it mints.

Everybody here is signed in on every site's page, so that nothing but these rules protects them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from .conftest import World

Attempt = Callable[[str], str]

FRAMES: dict[str, Attempt] = {
    "iframe": lambda address: f'<iframe src="{address}"></iframe>',
    "sandboxed iframe": lambda address: f'<iframe sandbox src="{address}"></iframe>',
    "iframe without referrer": lambda address: (
        f'<iframe referrerpolicy="no-referrer" src="{address}"></iframe>'
    ),
    "iframe in a srcdoc": lambda address: (
        f"<iframe srcdoc='<iframe src=\"{address}\"></iframe>'></iframe>"
    ),
    "form into a frame": lambda address: (
        f'<iframe name="f"></iframe><form target="f" action="{address}"></form>'
        "<script>document.forms[0].submit()</script>"
    ),
}
NEVER: dict[str, Attempt] = {
    "image": lambda address: f'<img src="{address}">',
    "script": lambda address: f'<script src="{address}"></script>',
    "module": lambda address: f'<script type="module" src="{address}"></script>',
    "style": lambda address: f'<link rel="stylesheet" href="{address}">',
    "object": lambda address: f'<object data="{address}"></object>',
    "embed": lambda address: f'<embed src="{address}">',
    "video": lambda address: f'<video src="{address}"></video>',
    "background": lambda address: f'<body style="background: url({address})">',
    "prefetch": lambda address: f'<link rel="prefetch" href="{address}">',
    "manifest": lambda address: f'<link rel="manifest" href="{address}">',
    "posted form": lambda address: (
        f'<iframe name="f"></iframe><form method="post" target="f" action="{address}"></form>'
        "<script>document.forms[0].submit()</script>"
    ),
    "beacon": lambda address: f"<script>navigator.sendBeacon('{address}')</script>",
}
SCRIPTS: dict[str, Attempt] = {
    "fetch": lambda address: (
        f"<script>fetch('{address}', {{credentials: 'include'}})"
        ".then((answer) => answer.text()).catch(() => {})</script>"
    ),
    "fetch of JSON": lambda address: (
        f"<script>fetch('{address}', {{credentials: 'include', "
        "headers: {Accept: 'application/json'}})"
        ".then((answer) => answer.text()).catch(() => {})</script>"
    ),
    "fetch with a token": lambda address: (
        f"<script>fetch('{address}', {{headers: {{Authorization: 'Bearer x'}}}})"
        ".then((answer) => answer.text()).catch(() => {})</script>"
    ),
    "fetch without reading": lambda address: (
        f"<script>fetch('{address}', {{mode: 'no-cors', credentials: 'include'}})"
        ".then((answer) => answer.text()).catch(() => {})</script>"
    ),
}


@pytest.fixture
def signed_in(world: World) -> World:
    world.sites.sign_in()
    return world


def try_on(world: World, page: Page, origin: str, *attempts: Attempt) -> int:
    """Return how many tokens were minted by a page at `origin` that tries all this."""
    before = world.minted()
    tried = "".join(attempt(f"{world.service}/pandium-sso") for attempt in attempts)
    page.goto(world.sites.put(f"{origin}/try", tried))
    wait_for_quiet(world, page)
    return world.minted() - before


def wait_for_quiet(world: World, page: Page) -> None:
    """Wait until nothing was asked of any site for half a second."""
    seen = -1
    while seen != (seen := len(world.sites.asked)):
        page.wait_for_timeout(500)


def tried_as(world: World) -> set[str | None]:
    """What the browser said the requests were for that reached the service."""
    asked = world.sites.asked_for(f"{world.service}/pandium-sso")
    return {each.headers.get("Sec-Fetch-Dest") for each in asked}


@pytest.mark.requirement("R31", "R38", "R39")
def test_a_foreign_site_mints_nothing(signed_in: World, page: Page) -> None:
    everything = (FRAMES | NEVER | SCRIPTS).values()

    assert try_on(signed_in, page, signed_in.foreign, *everything) == 0
    assert signed_in.sites.asked_for(f"{signed_in.vendor}/pandium") == []
    reached = {"iframe", "image", "script", "style", "object", "embed", "video", "empty"}
    assert tried_as(signed_in) >= reached


@pytest.mark.requirement("R31", "R38")
def test_not_even_the_host_can_take_it_for_something_else_than_a_page(
    signed_in: World, page: Page
) -> None:
    assert try_on(signed_in, page, signed_in.near_host, *NEVER.values()) == 0
    assert tried_as(signed_in) >= {"image", "script", "style", "object", "embed", "video"}


@pytest.mark.requirement("R38")
@pytest.mark.parametrize("where", ["host", "near_host"])
@pytest.mark.parametrize("name", ["iframe", "form into a frame"])
def test_the_hosts_frame_signs_on_from_its_own_site_and_from_another(
    signed_in: World, page: Page, name: str, where: str
) -> None:
    assert try_on(signed_in, page, getattr(signed_in, where), FRAMES[name]) == 1
    assert len(signed_in.sites.asked_for(f"{signed_in.vendor}/pandium")) == 1


@pytest.mark.requirement("R39")
def test_the_hosts_script_may_read_the_address(signed_in: World, page: Page) -> None:
    assert try_on(signed_in, page, signed_in.host, SCRIPTS["fetch of JSON"]) == 1


def test_a_link_from_anywhere_leads_to_the_marketplace(signed_in: World, page: Page) -> None:
    link = f'<a href="{signed_in.service}/pandium-sso">Marketplace</a>'
    page.goto(signed_in.sites.put(f"{signed_in.foreign}/link", link))

    page.get_by_role("link").click()

    page.wait_for_url(f"{signed_in.vendor}/pandium?tenant=*")


@pytest.mark.requirement("R37")
def test_our_own_pages_are_not_shown_in_a_foreign_frame(signed_in: World, page: Page) -> None:
    frame = f'<iframe src="{signed_in.service}/pandium-sso"></iframe>'
    page.goto(signed_in.sites.put(f"{signed_in.foreign}/frame", frame))
    wait_for_quiet(signed_in, page)

    assert "Blocked" not in page.frames[1].content()


@pytest.mark.requirement("R32")
def test_a_fragment_of_ours_does_not_reach_the_vendor(signed_in: World, page: Page) -> None:
    page.goto(f"{signed_in.service}/pandium-sso#id_token=of-somebody-else")

    page.wait_for_url(f"{signed_in.vendor}/pandium?tenant=*")
    assert page.evaluate("location.hash") == ""


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("way", ["link", "frame"])
def test_no_referrer_tells_the_vendor_or_its_third_parties_our_address(
    signed_in: World, page: Page, way: str
) -> None:
    third = signed_in.sites.origin("third.localhost") + "/pixel"
    signed_in.sites.put(f"{signed_in.vendor}/pandium", f'<h1>Marketplace</h1><img src="{third}">')
    shown = FRAMES["iframe"] if way == "frame" else lambda to: f'<a href="{to}">Go</a>'
    address = signed_in.sites.put(
        f"{signed_in.host}/page", shown(f"{signed_in.service}/pandium-sso?display=x")
    )
    page.goto(address)
    if way == "link":
        page.get_by_role("link").click()
        page.wait_for_url(f"{signed_in.vendor}/**")
    wait_for_quiet(signed_in, page)

    (at_the_vendor,) = signed_in.sites.asked_for(f"{signed_in.vendor}/pandium")
    (at_the_third,) = signed_in.sites.asked_for(third)
    assert "Referer" not in at_the_vendor.headers
    assert at_the_third.headers["Referer"] == f"{signed_in.vendor}/"


@pytest.mark.requirement("R36", "R27")
def test_the_back_button_asks_anew(signed_in: World, page: Page) -> None:
    page.goto(f"{signed_in.service}/pandium-sso")
    page.goto(signed_in.sites.put(f"{signed_in.host}/other", "<p>Another page</p>"))
    page.goto(f"{signed_in.service}/pandium-sso")

    arrived = signed_in.sites.asked_for(f"{signed_in.vendor}/pandium")
    assert len({each.query for each in arrived}) == len(arrived) == 2


def test_a_signed_out_deep_link_is_there_again_after_the_login(world: World, page: Page) -> None:
    frame = f'<iframe src="{world.service}/pandium-sso?display=settings&evil=1"></iframe>'
    page.goto(world.sites.put(f"{world.host}/page", frame))

    page.frame_locator("iframe").get_by_role("link", name="Sign in").click()

    page.wait_for_url(f"{world.vendor}/pandium?display=settings&tenant=*")
