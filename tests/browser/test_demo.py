"""The main job and what goes wrong around it, in the demo, as a user does it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import NewContext
from .demo import Demo, marketplace, see, sign_in


def told(page: Page, words: str, count: int = 1) -> None:
    expect(page.locator("#log li", has_text=words)).to_have_count(count)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


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
    page.clock.install()
    page.reload()
    told(page, "sso-ready")

    press(page, "Let the session expire")
    press(page, "Reload the frame")
    page.clock.fast_forward(11_000)
    page.wait_for_url(re.compile("/login"))
    press(page, "Ada")

    page.wait_for_url(f"{demo.host}/settings")
    see(page, "Signed in as Ada")
    assert any("display=settings" in frame.url for frame in page.frames)


def test_the_way_to_the_login_can_be_prevented(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    told(page, "sso-ready")
    page.clock.install()
    page.reload()
    told(page, "sso-ready")
    minted = demo.minted()

    page.get_by_label("Stay here").check()
    press(page, "Let the session expire")
    press(page, "Reload the frame")
    page.clock.fast_forward(11_000)

    told(page, "sso-login-required")
    expect(page.locator("marketplace-embed")).to_have_text("You are signed out. Sign in")
    expect(page.locator("iframe")).to_have_count(0)
    assert page.url == f"{demo.host}/"
    assert demo.minted() == minted


@pytest.mark.requirement("R40")
def test_messages_of_both_vendors_arrive_and_a_forged_one_does_not(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    marketplace(page).get_by_role("button", name="Save sync").click()
    told(page, '"vendor":"pandium","name":"pandium-save-sync"')
    page.get_by_role("button", name="Forge").click()

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
    press(page, "Let the session expire")

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
    minted = demo.minted()

    with page.expect_popup() as opened:
        page.get_by_role("link", name="Visit a foreign site").click()
    opened.value.get_by_role("button", name="Try everything").click()

    outcome = opened.value.locator("#outcome")
    expect(outcome).to_have_text("Tokens minted while this page tried: 0", timeout=20_000)
    assert opened.value.locator("#log li").count() == 6
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
