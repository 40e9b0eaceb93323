"""`<marketplace-embed>`: what it asks, shows, tells and stops doing.

The host's page stands on another site than the service, with the policy that docs/embedding.md
recommends; what the element tells it is kept in `window.told`.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from .conftest import World
from .embedded import DOCUMENT, LISTEN, element, of, post, show, told, vendors
from .sites import SIGNS_IN


def arrived(world: World, path: str = "/pandium") -> list[dict[str, list[str]]]:
    return [parse_qs(each.query) for each in world.sites.asked_for(world.vendor + path)]


@pytest.fixture
def signed_in(world: World) -> World:
    world.sites.sign_in()
    return world


def test_it_asks_for_the_session_and_shows_the_marketplace(signed_in: World, page: Page) -> None:
    before = signed_in.minted()
    show(signed_in, page, element(signed_in, attributes='title="Our integrations"'))

    (detail,) = told(page, "sso-ready")
    frame = page.locator("marketplace-embed iframe")
    assert detail == {"origin": signed_in.vendor, "expiresAt": None}
    assert frame.get_attribute("title") == "Our integrations"
    assert frame.get_attribute("referrerpolicy") == "strict-origin"
    assert frame.get_attribute("loading") == "eager"
    assert frame.get_attribute("allow") == f"clipboard-write {signed_in.vendor}"
    assert frame.get_attribute("src") == f"{signed_in.service}/pandium-sso"
    assert page.locator("marketplace-embed").get_attribute("aria-busy") is None
    assert signed_in.minted() - before == len(arrived(signed_in)) == 1


def test_a_page_that_is_opened_is_one_question_and_one_token(signed_in: World, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    show(signed_in, page, element(signed_in))

    told(page, "sso-ready")
    ours = [address for address in asked if address.startswith(f"{signed_in.service}/pandium-sso")]
    assert ours.count(f"{signed_in.service}/pandium-sso/session") == 1
    assert ours.count(f"{signed_in.service}/pandium-sso") == 1


def test_it_works_under_the_policy_that_the_documents_recommend(
    signed_in: World, page: Page
) -> None:
    (policy,) = re.findall(r"^Content-Security-Policy: (.+)$", DOCUMENT, re.MULTILINE)
    service, vendor = "https://sso.acme.example", "https://imp.pandium.io"
    assert service in policy
    policy = policy.replace(service, signed_in.service).replace(vendor, signed_in.vendor)
    signed_in.sites.put(f"{signed_in.host}/listen.js", "")
    page.add_init_script(LISTEN.removeprefix("<script>").removesuffix("</script>"))
    markup = element(signed_in, attributes="pop-out")
    script = f'<script type="module" src="{signed_in.service}/pandium-sso/embed.js"></script>'
    page.goto(
        signed_in.sites.put(
            f"{signed_in.host}/page", script + markup, Content_Security_Policy=policy
        )
    )

    told(page, "sso-ready")
    assert page.locator("iframe").evaluate("(frame) => frame.style.width") == "100%"


def test_the_deep_link_of_the_hosts_page_reaches_the_vendor(signed_in: World, page: Page) -> None:
    query = "?display=settings&integration_id=1121&integration_id=9&utm_source=mail&tenant=x"
    show(signed_in, page, element(signed_in), query=query)
    told(page, "sso-ready")

    (came,) = arrived(signed_in)
    assert (came["display"], came["integration_id"]) == (["settings"], ["1121"])
    assert "utm_source" not in came
    assert len(came["tenant"]) == 1


def test_which_parameters_are_a_deep_link_can_be_said(signed_in: World, page: Page) -> None:
    markup = element(signed_in, "/pandium-sso?display=list", 'deep-links="integration_id display"')
    show(signed_in, page, markup, query="?display=settings&integration_settings=x")
    told(page, "sso-ready")

    (came,) = arrived(signed_in)
    assert came["display"] == ["list"]
    assert "integration_settings" not in came


def test_a_signed_out_user_is_reported_and_gets_no_frame(world: World, page: Page) -> None:
    before = world.minted()
    show(world, page, element(world), query="?display=settings")

    (detail,) = told(page, "sso-login-required")
    login = urlsplit(detail["loginUrl"])
    assert f"{login.scheme}://{login.netloc}{login.path}" == f"{world.host}{SIGNS_IN}"
    assert parse_qs(login.query) == {"rd": [f"{world.host}/page?display=settings"]}
    expect(page.locator("marketplace-embed")).to_have_text("You are signed out. Sign in")
    assert page.locator("iframe").count() == 0
    assert world.minted() == before


def test_a_signed_out_user_goes_to_the_login_and_back_to_the_same_deep_link(
    world: World, page: Page
) -> None:
    show(world, page, element(world), query="?display=settings", listening="")

    page.wait_for_url(f"{world.host}/page?display=settings")
    expect(page.frame_locator("iframe").get_by_role("heading")).to_have_text("Marketplace")
    assert arrived(world)[0]["display"] == ["settings"]


def test_a_login_of_a_proxy_in_front_is_never_framed(world: World, page: Page) -> None:
    page.route("**/session", lambda route: route.fulfill(status=302, headers={"Location": "/in"}))
    show(world, page, element(world))

    (detail,) = told(page, "sso-login-required")
    assert detail["loginUrl"] == f"{world.service}/pandium-sso"
    assert page.locator("iframe").count() == 0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"status": 200, "body": "<form>Sign in</form>"}, "unexpected_answer"),
        ({"status": 200, "body": "{}"}, "unexpected_answer"),
        ({"status": 503, "body": '{"code": "authenticator_unavailable"}'}, None),
        ({"status": 502, "body": "Bad gateway"}, "unexpected_answer"),
    ],
)
def test_an_invalid_answer_is_an_error(
    world: World, page: Page, answer: dict[str, Any], code: str | None
) -> None:
    headers = {
        "Access-Control-Allow-Origin": world.host,
        "Access-Control-Allow-Credentials": "true",
    }
    page.route("**/session", lambda route: route.fulfill(**answer, headers=headers))
    show(world, page, element(world))

    (detail,) = told(page, "sso-error")
    expected = code or "authenticator_unavailable"
    assert detail == {"code": expected, "status": answer["status"], "requestId": None}
    assert page.locator("iframe").count() == 0


def test_a_page_of_the_service_in_the_frame_is_reported_with_its_code(
    signed_in: World, page: Page
) -> None:
    signed_in.sites.identity = {"X-Forwarded-User": "u-17"}
    show(signed_in, page, element(signed_in))

    (detail,) = told(page, "sso-error")
    page.wait_for_timeout(300)
    assert detail["code"] == "missing_claim"
    assert re.fullmatch("[0-9a-f]{16}", detail["requestId"])
    assert of(page, "sso-ready") == []


def test_a_session_that_ends_between_question_and_frame_leads_to_the_login(
    signed_in: World, page: Page
) -> None:
    def end_it(route: Route) -> None:
        signed_in.sites.identity = {}
        route.fallback()

    page.route("**/pandium-sso", end_it)
    show(signed_in, page, element(signed_in))

    told(page, "sso-login-required")
    assert of(page, "sso-ready") == []


def test_a_frame_that_is_refused_while_the_session_holds_is_an_error_and_no_loop(
    signed_in: World, page: Page
) -> None:
    """As where a browser keeps the cookies of another site from frames."""
    signed_in.sites.unknown_at = {"/pandium-sso"}
    show(signed_in, page, element(signed_in))

    assert told(page, "sso-error")[0]["code"] == "no_session"
    assert of(page, "sso-login-required") == []


# --- one try


NEVER_BELIEVED = {"/pandium-sso", "/pandium-sso/session", "/pandium-sso?display=settings"}
TELL = LISTEN.replace('if (name === "sso-login-required") event.preventDefault();', "")
NO_STORAGE = """Object.defineProperty(window, "sessionStorage", {
  get() { throw new DOMException("blocked", "SecurityError"); } });"""


def logins(world: World) -> int:
    return len(world.sites.asked_for(world.host + SIGNS_IN))


@pytest.fixture
def unbelieved(world: World) -> World:
    """The login lets everybody in, and the service believes nobody."""
    world.sites.unknown_at = set(NEVER_BELIEVED)
    return world


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("storage", ["there", "blocked"])
def test_the_element_leaves_for_the_login_once(unbelieved: World, page: Page, storage: str) -> None:
    if storage == "blocked":
        page.add_init_script(NO_STORAGE)
    show(unbelieved, page, element(unbelieved), listening=TELL)

    words = page.locator("marketplace-embed [role=status]")
    expect(words).to_contain_text("You have just signed in, but that session is not accepted here.")
    page.wait_for_timeout(500)
    (detail,) = of(page, "sso-error")
    assert detail == {"code": "login_failed", "status": 401, "requestId": None}
    assert of(page, "sso-login-required") == []
    assert logins(unbelieved) == 1
    assert ("sso_attempt=" in page.url) == (storage == "blocked")

    page.get_by_role("link", name="Try again").click()
    expect(words).to_contain_text("You have just signed in")
    assert logins(unbelieved) == 2
    assert page.url.count("sso_attempt=") == (storage == "blocked")


@pytest.mark.requirement("R56")
def test_two_elements_leave_for_the_login_once(unbelieved: World, page: Page) -> None:
    unbelieved.sites.unknown_at.add("/apifuse-sso/session")
    both = element(unbelieved) + element(unbelieved, "/apifuse-sso")
    show(unbelieved, page, both, listening=TELL)

    told(page, "sso-error", 2)
    page.wait_for_timeout(500)
    assert [detail["code"] for detail in of(page, "sso-error")] == ["login_failed"] * 2
    assert logins(unbelieved) == 1


@pytest.mark.requirement("R56")
def test_a_page_in_a_frame_of_its_own_host_leaves_once(unbelieved: World, page: Page) -> None:
    inner = f'<script type="module" src="{unbelieved.service}/pandium-sso/embed.js"></script>'
    address = unbelieved.sites.put(f"{unbelieved.host}/in", TELL + inner + element(unbelieved))
    page.goto(unbelieved.sites.put(f"{unbelieved.host}/page", f'<iframe src="{address}"></iframe>'))

    page.wait_for_url(f"{unbelieved.host}/in?sso_attempt=*")
    assert told(page, "sso-error")[0]["code"] == "login_failed"
    page.wait_for_timeout(500)
    assert logins(unbelieved) == 1


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("mark", ["1", "-5", "x", "9999999999", "", "1e9"])
def test_a_mark_that_is_old_or_damaged_keeps_nobody_from_the_login(
    world: World, page: Page, mark: str
) -> None:
    page.add_init_script(f"sessionStorage.sso_attempt ??= {json.dumps(mark)}")
    show(world, page, element(world), query=f"?tab=2&sso_attempt={mark}")

    (detail,) = told(page, "sso-login-required")
    (back,) = parse_qs(urlsplit(detail["loginUrl"]).query)["rd"]
    assert back == f"{world.host}/page?tab=2"


@pytest.mark.requirement("R56")
def test_after_a_minute_the_login_is_tried_again(unbelieved: World, page: Page) -> None:
    page.clock.install()
    show(unbelieved, page, element(unbelieved), listening=TELL)
    words = page.locator("marketplace-embed [role=status]")
    expect(words).to_contain_text("You have just signed in")

    page.clock.fast_forward(61_000)
    reload(page)
    page.clock.run_for(100)

    page.wait_for_timeout(1_000)
    assert logins(unbelieved) == 2


@pytest.mark.requirement("R27")
def test_a_page_that_the_browser_kept_shows_nothing_of_before(signed_in: World, page: Page) -> None:
    show(signed_in, page, element(signed_in))
    told(page, "sso-ready")
    signed_in.sites.identity = {}

    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))")
    assert page.locator("iframe").count() == 1
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    assert page.locator("iframe").count() == 0
    told(page, "sso-login-required")


# --- messages


PANDIUM = [
    (
        {"message": "pandium-save-sync", "tenant": 7},
        {"vendor": "pandium", "name": "pandium-save-sync", "listingId": None},
    ),
    (
        {"message": "pandium-content-height-change", "height": 777},
        {"vendor": "pandium", "name": "pandium-content-height-change", "listingId": None},
    ),
]
APIFUSE = [
    ("user_listing_click", "{vendor}/listing/hub-spot_1", "hub-spot_1"),
    ("listing_installation_complete", "{vendor}/apifuse/listing/x", "x"),
    ("listing_installation_failed", "{foreign}/listing/x", None),
    ("user_listing_click", "{vendor}/listing/../../evil", None),
    ("user_listing_click", "{vendor}/listing/x%2f..", None),
    ("user_listing_click", "javascript:alert(1)", None),
    ("user_listing_click", "/listing/x", None),
    ("user_listing_click", 7, None),
]


@pytest.mark.requirement("R40")
def test_messages_of_both_vendors_are_told_in_one_form(signed_in: World, page: Page) -> None:
    show(signed_in, page, element(signed_in))
    told(page, "sso-ready")
    frame = vendors(page, signed_in)

    expected = []
    for said, meant in PANDIUM:
        post(frame, said)
        expected.append({**meant, "data": said})
    for name, target, listing in APIFUSE:
        places = {"vendor": signed_in.vendor, "foreign": signed_in.foreign}
        url = target.format(**places) if isinstance(target, str) else target
        said = {"id": name, "targetUrl": url, "message": "…"}
        post(frame, json.dumps(said))
        expected.append({"vendor": "apifuse", "name": name, "listingId": listing, "data": said})

    assert told(page, "vendor-event", len(expected)) == expected
    assert page.locator("iframe").evaluate("(frame) => frame.style.height") == "777px"


def test_a_message_that_is_not_of_a_vendor_is_not_reported(signed_in: World, page: Page) -> None:
    show(signed_in, page, element(signed_in))
    told(page, "sso-ready")
    frame = vendors(page, signed_in)

    for said in (None, 7, "", "text", "[1]", "null", '"x"', "{", [1], True, "x" * 70_000):
        post(frame, said)
    post(frame, {"message": "the last"})

    assert [each["name"] for each in told(page, "vendor-event")] == ["the last"]


def test_an_invalid_height_changes_nothing_and_a_large_one_is_bounded(
    signed_in: World, page: Page
) -> None:
    show(signed_in, page, element(signed_in))
    told(page, "sso-ready")
    frame = vendors(page, signed_in)

    for count, (height, became) in enumerate(
        [(-1, "100%"), (0, "100%"), ("9px", "100%"), (None, "100%"), (1e9, "20000px")], start=1
    ):
        post(frame, {"message": "pandium-content-height-change", "height": height})
        told(page, "vendor-event", count)
        assert page.locator("iframe").evaluate("(frame) => frame.style.height") == became


@pytest.mark.requirement("R40")
def test_messages_of_other_frames_and_other_origins_are_not_told(
    signed_in: World, page: Page
) -> None:
    """Another frame of the vendor's origin, a foreign one, and the own frame gone elsewhere."""
    sites = signed_in.sites
    other = sites.put(f"{signed_in.vendor}/other", "<p>x</p>")
    foreign = sites.put(f"{signed_in.foreign}/frame", "<p>x</p>")
    frames = f'<iframe name="other" src="{other}"></iframe>'
    frames += f'<iframe name="foreign" src="{foreign}"></iframe>'
    show(signed_in, page, element(signed_in) + frames)
    told(page, "sso-ready")
    ours = [
        {"message": "pandium-save-sync"},
        json.dumps({"id": "user_login_required", "targetUrl": f"{signed_in.vendor}/listing/x"}),
        {"source": "marketplace-sso", "code": "no_session", "requestId": "x"},
    ]

    (own,) = [each for each in page.frames if each.url.startswith(f"{signed_in.vendor}/pandium")]
    own.goto(foreign)
    for frame in (own, page.frame(name="other"), page.frame(name="foreign"), page.main_frame):
        assert frame is not None
        for said in ours:
            post(frame, said)
    page.wait_for_timeout(200)

    assert [name for name, _ in page.evaluate("window.told")] == ["sso-ready"]


@pytest.mark.requirement("R40")
def test_the_element_and_our_pages_post_nothing_to_just_anyone(world: World, page: Page) -> None:
    page.add_init_script("""
      window.posted = [];
      const post = window.postMessage;
      window.postMessage = (data, to) => { window.posted.push(to); post.call(window, data, to); };
    """)
    world.sites.identity = {"X-Forwarded-User": "u-17"}
    show(world, page, element(world))
    told(page, "sso-error")

    assert page.evaluate("window.posted") == []
    inside = page.frames[1].content()
    assert "postMessage({ source" in inside
    assert "}, origin)" in inside


@pytest.mark.requirement("R40")
def test_our_page_tells_the_host_that_frames_it_and_no_other(world: World, page: Page) -> None:
    hear = "<script>heard = []; onmessage = (event) => heard.push(event.data.code)</script>"
    frame = f'<iframe src="{world.service}/pandium-sso"></iframe>'
    for origin, expected in ((world.host, ["no_session"]), (world.near_host, ["no_session"])):
        page.goto(world.sites.put(f"{origin}/hear", hear + frame))
        page.wait_for_function("heard.length")
        assert page.evaluate("heard") == expected

    page.goto(world.sites.put(f"{world.foreign}/hear", hear + frame))
    page.wait_for_timeout(300)
    assert page.evaluate("heard") == []


def test_a_login_that_the_vendor_asks_for_leads_back_to_that_listing(
    signed_in: World, page: Page
) -> None:
    show(signed_in, page, element(signed_in, "/apifuse-sso"), query="?tab=2")
    told(page, "sso-ready")
    signed_in.sites.identity = {}

    target = f"{signed_in.vendor}/apifuse/listing/hubspot"
    post(vendors(page, signed_in), json.dumps({"id": "user_login_required", "targetUrl": target}))
    (detail,) = told(page, "sso-login-required")
    page.goto(detail["loginUrl"])

    told(page, "sso-ready")
    assert detail["listingId"] == "hubspot"
    assert parse_qs(urlsplit(page.url).query)["tab"] == ["2"]
    assert len(arrived(signed_in, "/apifuse/listing/hubspot")) == 1


@pytest.mark.parametrize(
    "foreign",
    [
        "/pandium-sso/listing/x",
        "https://evil.example/apifuse-sso/listing/x",
        "/apifuse-sso/listing/..",
        "/apifuse-sso/install/x",
        "//evil.example/listing/x",
    ],
)
def test_no_other_page_can_be_come_back_to(signed_in: World, page: Page, foreign: str) -> None:
    show(signed_in, page, element(signed_in, "/apifuse-sso"), query=f"?marketplace_page={foreign}")
    told(page, "sso-ready")

    assert page.locator("iframe").get_attribute("src") == f"{signed_in.service}/apifuse-sso"


# --- tokens of the host's own


def test_with_a_token_of_the_hosts_it_asks_for_the_address_as_json(
    signed_in: World, page: Page
) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright marks the function
    markup = element(signed_in, attributes="pop-out").replace("src=", "data-src=")
    show(signed_in, page, markup)
    page.evaluate("""() => {
      const element = document.querySelector("marketplace-embed");
      element.getToken = async () => "a-bearer-token";
      element.setAttribute("src", element.dataset.src);
    }""")
    (detail,) = told(page, "sso-ready")

    (form,) = [each for each in asked if each.url == f"{signed_in.service}/pandium-sso"]
    assert form.headers["authorization"] == "Bearer a-bearer-token"
    assert form.headers["accept"] == "application/json"
    assert not [each for each in asked if each.url.endswith("/session")]
    assert detail["origin"] == signed_in.vendor
    assert len(arrived(signed_in)) == 1
    assert page.locator("marketplace-embed a").count() == 0


def test_a_token_that_cannot_be_had_is_an_error(signed_in: World, page: Page) -> None:
    show(signed_in, page, "")
    page.evaluate(
        """(src) => {
      const element = document.createElement("marketplace-embed");
      element.getToken = async () => { throw new Error("no eyJ token"); };
      element.setAttribute("src", src);
      document.body.append(element);
    }""",
        f"{signed_in.service}/pandium-sso",
    )

    assert told(page, "sso-error")[0]["code"] == "network_error"


# --- time


def reload(page: Page, times: int = 1) -> None:
    page.evaluate(
        """(times) => {
      for (let i = 0; i < times; i++) document.querySelector("marketplace-embed").reload();
    }""",
        times,
    )


def test_at_most_one_reload_in_ten_seconds_and_one_at_a_time(signed_in: World, page: Page) -> None:
    page.clock.install()
    show(signed_in, page, element(signed_in))
    page.wait_for_function("document.querySelector('iframe')")
    page.clock.run_for(200)
    told(page, "sso-ready")

    reload(page, 5)
    page.clock.run_for(9_000)
    assert len(arrived(signed_in)) == 1

    page.clock.run_for(1_500)
    told_ready(page, 2)
    reload(page, 5)
    page.clock.run_for(5_000)
    assert len(arrived(signed_in)) == 2


def told_ready(page: Page, count: int) -> None:
    """Wait for so many `sso-ready`, with the clock in our hands."""
    for _ in range(100):
        if len(of(page, "sso-ready")) >= count:
            return
        page.wait_for_timeout(30)
        page.clock.run_for(30)
    raise AssertionError(page.evaluate("window.told"))


def test_it_refreshes_by_itself_where_that_is_wanted(signed_in: World, page: Page) -> None:
    page.clock.install()
    show(signed_in, page, element(signed_in, attributes='refresh-after="60"'))
    told_ready(page, 1)

    page.clock.run_for(59_000)
    assert len(arrived(signed_in)) == 1
    page.clock.run_for(1_500)
    told_ready(page, 2)
    page.clock.run_for(60_500)
    told_ready(page, 3)


def test_each_refresh_brings_a_token_of_its_own_and_no_step_back(
    signed_in: World, page: Page
) -> None:
    page.clock.install()
    show(signed_in, page, element(signed_in))
    told_ready(page, 1)
    steps = page.evaluate("history.length")
    page.clock.run_for(10_000)
    reload(page)
    page.clock.run_for(100)
    told_ready(page, 2)

    first, second = arrived(signed_in)
    assert first["tenant"] != second["tenant"]
    assert page.evaluate("history.length") == steps


@pytest.mark.parametrize("silent", ["**/session", "**/pandium-sso"])
def test_thirty_seconds_without_an_answer_are_reported_and_end_the_attempt(
    signed_in: World, page: Page, silent: str
) -> None:
    page.clock.install()
    page.route(silent, lambda _route: None)
    show(signed_in, page, element(signed_in))
    page.wait_for_timeout(300)
    page.clock.run_for(29_000)
    assert page.evaluate("window.told") == []

    page.clock.run_for(2_000)
    told(page, "sso-timeout")
    page.unroute(silent)
    reload(page)
    page.clock.run_for(100)
    told_ready(page, 1)


def test_off_the_page_nothing_goes_on(signed_in: World, page: Page) -> None:
    page.clock.install()
    show(signed_in, page, element(signed_in, attributes='refresh-after="20"'))
    told_ready(page, 1)
    reload(page)

    page.evaluate("""() => {
      window.gone = document.querySelector("marketplace-embed");
      window.gone.addEventListener("vendor-event", () => window.told.push(["heard", {}]));
      window.gone.remove();
    }""")
    page.clock.run_for(120_000)
    assert len(arrived(signed_in)) == 1
    assert page.evaluate("window.gone.childNodes.length") == 0

    page.evaluate("document.body.append(window.gone)")
    told_ready(page, 2)


def test_another_page_is_shown_at_once(signed_in: World, page: Page) -> None:
    show(signed_in, page, element(signed_in))
    told(page, "sso-ready")

    page.locator("marketplace-embed").evaluate(
        "(element, src) => element.setAttribute('src', src)", f"{signed_in.service}/apifuse-sso"
    )

    told(page, "sso-ready", 2)
    assert len(arrived(signed_in, "/apifuse")) == 1
    assert page.locator("iframe").count() == 1


def test_it_offers_a_tab_of_its_own(signed_in: World, page: Page) -> None:
    show(signed_in, page, element(signed_in, attributes='pop-out="Larger"'))
    told(page, "sso-ready")

    with page.expect_popup() as opened:
        page.get_by_role("link", name="Larger").click()

    opened.value.wait_for_url(f"{signed_in.vendor}/pandium?tenant=*")
    assert opened.value.evaluate("window.opener") is None


def test_a_frame_out_of_sight_waits_where_that_is_wanted(signed_in: World, page: Page) -> None:
    markup = f'<div style="height: 20000px"></div>{element(signed_in, attributes="loading=lazy")}'
    show(signed_in, page, markup)
    page.wait_for_selector("iframe", state="attached")
    page.wait_for_timeout(300)
    assert arrived(signed_in) == []

    page.locator("iframe").scroll_into_view_if_needed()
    told(page, "sso-ready")


def test_the_scripts_of_two_vendors_get_along(signed_in: World, page: Page) -> None:
    second = f'<script type="module" src="{signed_in.service}/apifuse-sso/embed.js"></script>'
    both = element(signed_in) + element(signed_in, "/apifuse-sso")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    show(signed_in, page, second + both)

    told(page, "sso-ready", 2)
    assert errors == []
