"""Renewal in place: a vendor's page asks for a token, and keeps what its user has typed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, Route

from .asking import ASKING, PORTED, QUESTION, SDK, WORD
from .conftest import World
from .embedded import DOCUMENT, element, of, post, show, told, vendors

pytestmark = pytest.mark.requirement("R71", "R40")


@pytest.fixture
def vendor(world: World) -> World:
    """Ada is signed in, and the vendors' pages are there."""
    world.sites.sign_in()
    world.sites.put(f"{world.vendor}/asking", ASKING)
    world.sites.put(f"{world.vendor}/ported", PORTED)
    return world


def open_(world: World, page: Page, name: str = "asking", attributes: str = "") -> Frame:
    """Show the element, and return the vendor's page in it, with something typed."""
    show(world, page, element(world, f"/{name}-sso", attributes))
    told(page, "sso-ready")
    frame = vendors(page, world)
    if frame.locator("input").count():
        frame.locator("input").fill("half a sentence")
    return frame


def heard(frame: Frame, count: int = 1) -> list[dict[str, Any]]:
    frame.wait_for_function("(count) => window.heard.length >= count", arg=count)
    answers: list[dict[str, Any]] = frame.evaluate("window.heard")
    return answers


def test_a_page_that_asks_as_metabases_gets_a_token_and_stays(vendor: World, page: Page) -> None:
    frame = open_(vendor, page)
    first = frame.url.partition("token=")[2].rstrip("#")

    post(frame, QUESTION)
    (answer,) = heard(frame)

    data = answer["data"]["data"]
    (detail,) = told(page, "sso-renewed")
    assert answer["origin"] == vendor.host
    assert answer["data"]["type"] == "metabase.embed.submitRefreshedGuestToken"
    assert data["guestToken"].startswith("eyJ")
    assert data["guestToken"] != first
    assert data["note"] == f"{{ends {data['until']}}}"
    assert data["list"] == [1, f"{vendor.vendor}/asking?token={data['guestToken']}#"]
    assert detail == {"origin": vendor.vendor, "expiresAt": data["until"]}
    assert frame.locator("input").input_value() == "half a sentence"
    assert len(vendor.sites.asked_for(f"{vendor.vendor}/asking")) == 1
    assert of(page, "vendor-event") == []


def test_a_page_that_asks_in_a_word_is_answered_in_one(vendor: World, page: Page) -> None:
    frame = open_(vendor, page, "wordy")

    for other in (f"{WORD} ", json.dumps(WORD), {"0": WORD}, [WORD]):
        post(frame, other)
    post(frame, WORD)

    (answer,) = heard(frame)
    assert re.fullmatch(r"token=eyJ[\w.-]+", answer["data"])


def test_a_question_may_come_as_json_and_have_more_members(vendor: World, page: Page) -> None:
    frame = open_(vendor, page)

    post(frame, json.dumps({"id": 7, **QUESTION}))

    assert len(heard(frame)) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"type": "metabase.embed.requestGuestTokenRefresh "},
        {"type": ["metabase.embed.requestGuestTokenRefresh"]},
        {"TYPE": "metabase.embed.requestGuestTokenRefresh"},
        {"message": {"type": "metabase.embed.requestGuestTokenRefresh"}},
        {"type": None},
        [QUESTION],
        QUESTION["type"],
        json.dumps(json.dumps(QUESTION)),
        {},
        None,
    ],
)
def test_a_message_of_another_shape_gets_no_token(vendor: World, page: Page, said: object) -> None:
    frame = open_(vendor, page)
    before = vendor.minted()

    post(frame, said)
    page.wait_for_timeout(200)

    assert frame.evaluate("window.heard") == []
    assert vendor.minted() == before


def test_no_other_window_and_no_other_origin_gets_a_token(vendor: World, page: Page) -> None:
    sites = vendor.sites
    other = sites.put(f"{vendor.vendor}/other", ASKING)
    foreign = sites.put(f"{vendor.foreign}/frame", ASKING)
    markup = element(vendor, "/asking-sso") + f'<iframe name="other" src="{other}"></iframe>'
    show(vendor, page, f'{markup}<iframe name="foreign" src="{foreign}"></iframe>')
    told(page, "sso-ready")
    before = vendor.minted()

    (own,) = [each for each in page.frames if each.url.startswith(f"{vendor.vendor}/asking")]
    own.goto(foreign)
    frames = [own, page.frame(name="other"), page.frame(name="foreign"), page.main_frame]
    for frame in frames:
        assert frame is not None
        post(frame, QUESTION)
    page.wait_for_timeout(300)

    assert vendor.minted() == before
    assert of(page, "sso-renewed") == []
    assert all(frame.evaluate("window.heard ?? []") == [] for frame in frames if frame)


def test_a_page_that_took_the_frame_over_is_not_told_the_answer(vendor: World, page: Page) -> None:
    """The frame goes elsewhere between the question and the answer: browsers keep the message."""
    foreign = vendor.sites.put(f"{vendor.foreign}/frame", ASKING)
    frame = open_(vendor, page)
    waiting: list[Route] = []
    page.route("**/asking-sso", lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright marks the function

    post(frame, QUESTION)
    page.wait_for_timeout(200)
    frame.goto(foreign)
    (route,) = waiting
    route.continue_()
    told(page, "sso-renewed")
    page.wait_for_timeout(100)

    assert frame.evaluate("window.heard") == []


def test_a_flood_of_questions_gets_one_token_in_five_seconds(vendor: World, page: Page) -> None:
    page.clock.install()
    show(vendor, page, element(vendor, "/asking-sso"))
    run_until(page, "sso-ready", 1)
    frame = vendors(page, vendor)
    before = vendor.minted()

    flood(frame)
    run_until(page, "sso-renewed", 1)
    flood(frame)
    page.clock.run_for(4_000)
    page.wait_for_timeout(200)
    assert vendor.minted() - before == 1

    run_until(page, "sso-renewed", 2)
    page.clock.run_for(60_000)
    page.wait_for_timeout(200)
    assert vendor.minted() - before == 2
    assert of(page, "sso-error") == []


def flood(frame: Frame) -> None:
    frame.evaluate(
        "(data) => { for (let i = 0; i < 500; i++) parent.postMessage(data, '*'); }", QUESTION
    )


def run_until(page: Page, name: str, count: int) -> None:
    """Wait for so many events, with the clock in our hands."""
    for _ in range(100):
        page.wait_for_timeout(30)
        if len(of(page, name)) >= count:
            return
        page.clock.run_for(100)
    raise AssertionError(page.evaluate("window.told"))


def test_a_page_that_asks_is_not_reloaded_by_the_clock(vendor: World, page: Page) -> None:
    page.clock.install()
    show(vendor, page, element(vendor, "/asking-sso", 'refresh-after="20"'))
    run_until(page, "sso-ready", 1)

    page.clock.run_for(600_000)
    page.wait_for_timeout(200)

    assert len(vendor.sites.asked_for(f"{vendor.vendor}/asking")) == 1


def test_a_renewal_that_fails_is_an_error_and_the_page_stays(vendor: World, page: Page) -> None:
    frame = open_(vendor, page)
    vendor.sites.identity = {}

    post(frame, QUESTION)
    (detail,) = told(page, "sso-error")

    assert detail == {"code": "no_session", "status": 401, "requestId": None}
    assert frame.locator("input").input_value() == "half a sentence"
    assert frame.evaluate("window.heard") == []


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 200, "body": "<form>Sign in</form>"}, "unexpected_answer"),
        ({"status": 200, "body": '{"url": "https://x.example/"}'}, "unexpected_answer"),
        ({"status": 302, "headers": {"Location": "/in"}}, "unexpected_answer"),
        (None, "network_error"),
    ],
)
def test_an_answer_without_a_token_is_passed_to_nobody(
    vendor: World, page: Page, answer: dict[str, Any] | None, code: str
) -> None:
    frame = open_(vendor, page)
    allowed = {
        "Access-Control-Allow-Origin": vendor.host,
        "Access-Control-Allow-Credentials": "true",
    }
    if answer is None:
        page.route("**/asking-sso", lambda route: route.abort())
    else:
        answer["headers"] = allowed | answer.get("headers", {})
        page.route("**/asking-sso", lambda route: route.fulfill(**answer))

    post(frame, QUESTION)

    assert told(page, "sso-error")[0]["code"] == code
    assert frame.evaluate("window.heard") == []


def test_a_page_that_is_to_be_replaced_gets_no_token_of_the_next(vendor: World, page: Page) -> None:
    frame = open_(vendor, page)
    page.route("**/wordy-sso/session", lambda _route: None)
    before = vendor.minted()

    page.locator("marketplace-embed").evaluate(
        "(element, src) => element.setAttribute('src', src)", f"{vendor.service}/wordy-sso"
    )
    post(frame, QUESTION)
    post(frame, WORD)
    page.wait_for_timeout(200)

    assert frame.evaluate("window.heard") == []
    assert vendor.minted() == before


def test_with_a_token_of_the_hosts_it_renews_too(vendor: World, page: Page) -> None:
    markup = element(vendor, "/asking-sso").replace("src=", "data-src=")
    show(vendor, page, markup)
    page.evaluate("""() => {
      const element = document.querySelector("marketplace-embed");
      window.asked = 0;
      element.getToken = async () => `token-${++window.asked}`;
      element.setAttribute("src", element.dataset.src);
    }""")
    told(page, "sso-ready")
    frame = vendors(page, vendor)

    post(frame, QUESTION)

    assert heard(frame)[0]["data"]["data"]["guestToken"].startswith("eyJ")
    assert page.evaluate("window.asked") == 2


def test_a_page_that_waits_for_a_port_as_supersets_is_given_none(vendor: World, page: Page) -> None:
    frame = open_(vendor, page, "ported")
    page.wait_for_timeout(300)

    assert frame.evaluate("window.heard") == []


def test_supersets_own_script_renews_with_the_function_of_the_documents(
    vendor: World, page: Page
) -> None:
    (written,) = re.findall(r"```js\n(const fetchGuestToken.*?)```", DOCUMENT, re.DOTALL)
    script = written.replace("https://sso.acme.example", vendor.service)
    script = script.replace("https://superset.acme.example", f"{vendor.vendor}/ported")
    markup = f'<div id="dashboard"></div><script>{SDK}{script}</script>'
    page.goto(vendor.sites.put(f"{vendor.host}/superset", markup))
    page.wait_for_function("() => Boolean(window.renew)")
    frame = page.frames[1]

    assert len(heard(frame)) == 1
    page.evaluate("window.renew()")

    first, second = heard(frame, 2)
    assert str(first).startswith("eyJ")
    assert first != second
    assert len(vendor.sites.asked_for(f"{vendor.vendor}/ported")) == 1
