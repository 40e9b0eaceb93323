"""The main job and what goes wrong around it, in the demo, as a user does it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import NewContext
from .demo import Demo, marketplace, see, sign_in

PARTS = ("header", "claims", "signature")
COLOUR = "element => getComputedStyle(element).color"


def told(page: Page, words: str, count: int = 1) -> None:
    expect(page.locator("#log li", has_text=words)).to_have_count(count)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def did(page: Page, words: str) -> None:
    """What a button did is said below it."""
    expect(page.locator("#did")).to_contain_text(words)


def test_a_signed_in_user_sees_the_marketplace(page: Page, demo: Demo) -> None:
    sign_in(page, demo)

    see(page, "Signed in as Ada Lindqvist")
    expect(marketplace(page).locator("section", has_text="object to")).to_contain_text("Nothing.")
    told(page, "sso-ready")


@pytest.mark.parametrize(
    ("path", "framed"),
    [
        ("/settings", "/pandium/acme?integration_id=1121&display=settings&tenant="),
        ("/install", "/pandium/acme/tenants/create/1121?tenant="),
        ("/apifuse", "/apifuse?jwt="),
        ("/apifuse/listing", "/apifuse/listing/hubspot?jwt="),
    ],
)
def test_every_page_of_the_vendors_is_shown(page: Page, demo: Demo, path: str, framed: str) -> None:
    sign_in(page, demo, path)

    see(page, "Signed in as")
    assert any(frame.url.startswith(demo.marketplace + framed) for frame in page.frames)


@pytest.mark.requirement("R27", "R36")
def test_another_user_sees_nothing_of_the_one_before_not_even_by_the_back_button(
    page: Page, demo: Demo
) -> None:
    sign_in(page, demo)
    see(page, "Ada Lindqvist")
    press(page, "Sign out")
    page.get_by_role("link", name="Sign in").first.click()
    press(page, "Ben")
    see(page, "Ben Okafor")

    for _ in range(3):
        page.go_back()
    assert page.url == f"{demo.host}/"
    see(page, "Ben Okafor")
    expect(marketplace(page).locator("section", has_text="object to")).to_contain_text("Nothing.")


def test_signed_out_the_frame_has_a_page_that_leads_to_the_login_and_back(
    page: Page, demo: Demo
) -> None:
    page.goto(f"{demo.host}/signed-out")
    inside = page.frame_locator("iframe")
    expect(inside.get_by_role("heading")).to_have_text("Please sign in")

    inside.get_by_role("link", name="Sign in").click()
    press(page, "Ada")

    page.wait_for_url(re.compile(f"^{demo.marketplace}/pandium/acme"))
    expect(page.locator("#verdict")).to_contain_text("Signed in as Ada")


def test_an_expired_session_leads_to_the_login_and_back_to_the_same_page(
    page: Page, demo: Demo
) -> None:
    sign_in(page, demo, "/settings")
    told(page, "sso-ready")

    page.get_by_label("Stay here").uncheck()
    press(page, "Let the session expire")
    page.wait_for_url(re.compile("/login"))
    press(page, "Ada")

    page.wait_for_url(f"{demo.host}/settings")
    see(page, "Signed in as Ada")
    assert any("display=settings" in frame.url for frame in page.frames)


def test_an_expired_session_is_said_in_the_frame(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    told(page, "sso-ready")
    minted = demo.minted()

    press(page, "Let the session expire")

    told(page, "sso-login-required")
    did(page, "The session has ended: the frame says so")
    expect(page.locator("marketplace-embed")).to_have_text("You are signed out. Sign in")
    expect(page.locator("iframe")).to_have_count(0)
    assert page.url == f"{demo.host}/"
    assert demo.minted() == minted


def test_a_reload_waits_and_brings_a_fresh_token(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    told(page, "sso-ready")
    page.clock.install()
    page.reload()
    told(page, "sso-ready")
    minted = demo.minted()

    press(page, "Reload the frame")
    did(page, "At most one reload in ten seconds")
    page.clock.fast_forward(11_000)

    did(page, "Reloaded, with a fresh token.")
    assert demo.minted() == minted + 1


def test_a_loop_is_offered_and_stops_and_is_mended(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    told(page, "sso-ready")
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url))

    press(page, "Break the login")
    did(page, "The loop stopped")

    expect(page.locator("marketplace-embed")).to_contain_text("that session is not accepted here")
    steps = page.locator("#steps li .asked")
    expect(steps.filter(has_text="GET /login?rd=")).to_have_count(1)
    assert sum("/login?" in address for address in loads) == 1
    press(page, "Mend the login")
    did(page, "Mended")
    see(page, "Signed in as Ada")


def test_the_timeline_shows_the_redirect_the_token_and_the_verdict(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "/install")
    see(page, "Signed in as Ada")

    step = page.locator("#steps li", has_text="307").first
    expect(step).to_contain_text("GET /pandium-sso/install/1121")
    expect(step).to_contain_text("The login proxy adds X-Forwarded-User: u-17")
    expect(step.locator(".verdict")).to_contain_text("Signed in as Ada Lindqvist")
    parts = [step.locator(f".answer .{name}").inner_text() for name in PARTS]
    colours = {step.locator(f".answer .{name}").evaluate(COLOUR) for name in PARTS}
    assert len(colours) == 3
    assert any(".".join(parts) in frame.url for frame in page.frames)
    expect(step.locator("pre.header")).to_contain_text('"alg": "HS256"')
    expect(step.locator("pre.claims")).to_contain_text('"connector_name": "gwt"')
    expect(marketplace(page).locator("#dialog-token")).to_contain_text("stands there only")


def test_the_ways_in_fail_in_a_page_that_shows_each(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    page.get_by_role("link", name="Try the ways in that fail").click()

    expect(page.locator("#outcome")).to_have_text("All of them failed.")
    cards = page.locator(".attacks > li")
    expect(cards.filter(has_text="Failed")).to_have_count(cards.count())
    page.get_by_role("link", name="Back to Acme Hire").click()
    see(page, "Signed in as Ada")


@pytest.mark.requirement("R40")
def test_messages_of_both_vendors_arrive_and_a_forged_one_does_not(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    marketplace(page).get_by_role("button", name="Save sync").click()
    told(page, '"vendor":"pandium","name":"pandium-save-sync"')
    did(page, "The marketplace said pandium-save-sync")
    expect(marketplace(page).locator("#sent")).to_contain_text("Sent to")
    press(page, "Forge")
    did(page, "Forged message dropped.")

    page.get_by_role("link", name="APIFuse listing").click()
    marketplace(page).get_by_role("button", name="Installed").click()
    told(page, '"name":"listing_installation_complete","listingId":"hubspot"')
    press(page, "Forge a message")
    marketplace(page).get_by_role("button", name="Installed").click()
    told(page, "listing_installation_complete", 2)
    told(page, "pandium-save-sync", 0)


def test_the_frame_gets_the_height_that_pandium_asks_for(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    told(page, "pandium-content-height-change")

    heights = page.evaluate("""() => {
      const frame = document.querySelector("marketplace-embed iframe");
      return [frame.style.height, frame.getBoundingClientRect().height];
    }""")
    assert heights[0] == f"{heights[1]:.0f}px"


def test_a_listing_that_needs_a_login_is_there_again_after_it(page: Page, demo: Demo) -> None:
    sign_in(page, demo, "/apifuse")
    see(page, "Signed in as")
    page.get_by_label("Stay here").uncheck()
    page.evaluate("fetch('/expire', {method: 'POST'})")

    marketplace(page).get_by_role("button", name="Sign-in needed").click()
    page.wait_for_url(re.compile("/login"))
    press(page, "Ada")

    page.wait_for_url(re.compile("marketplace_page="))
    see(page, "Signed in as")
    assert any("/apifuse/listing/hubspot?jwt=" in frame.url for frame in page.frames)


@pytest.mark.requirement("R38")
def test_a_foreign_site_mints_nothing_whatever_it_tries(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    see(page, "Signed in as")
    page.get_by_role("link", name="Try the ways in that fail").click()
    minted = demo.minted()
    page.get_by_role("link", name="visit a foreign site").click()
    press(page, "Try everything")

    outcome = page.locator("#outcome")
    expect(outcome).to_have_text("Tokens minted while this page tried: 0", timeout=20_000)
    tried = page.locator("#log li")
    assert tried.count() == 6
    expect(tried.nth(0)).to_contain_text("The host saw GET /pandium-sso: 403 foreign_request.")
    expect(tried.nth(4)).to_contain_text("The host saw POST /pandium-sso: 405 method_not_allowed.")
    assert demo.minted() == minted


def test_without_scripts_the_frame_and_the_link_still_work(
    new_context: NewContext, demo: Demo
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    sign_in(page, demo, "/settings")

    framed = page.frame_locator("noscript iframe, iframe").first
    expect(framed.locator("#verdict")).to_contain_text("Signed in as Ada")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in a tab").click()
    expect(opened.value.locator("#verdict")).to_contain_text("Signed in as Ada")


def test_without_scripts_the_signed_out_frame_leads_to_the_login_and_back(
    new_context: NewContext, demo: Demo
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{demo.host}/signed-out")

    page.frame_locator("iframe").get_by_role("link", name="Sign in").click()
    press(page, "Ada")

    expect(page.locator("#verdict")).to_contain_text("Signed in as Ada")
