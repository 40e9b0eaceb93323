"""Who is signed on, by what the browser says of the request; minting counts by the answer."""

import pytest

from tests.in_process import Client, MakeClient
from tests.samples import ADA, PANDIUM, PROXY

HOST = "https://app.acme.example"
FOREIGN = "https://evil.example"
ORIGINS = {
    "SSO_HOST_ORIGINS": HOST,
    "SSO_PUBLIC_URL": "https://sso.acme.example/in",
    "SSO_LOGIN_URL": "https://login.acme.example/start",
}

Headers = dict[str, str]


def asked(site: str, dest: str, mode: str, **more: str) -> Headers:
    fetch = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": dest, "Sec-Fetch-Mode": mode}
    return {**fetch, **more}


def link(site: str, **more: str) -> Headers:
    return asked(site, "document", "navigate", **more)


def frame(site: str, **more: str) -> Headers:
    return asked(site, "iframe", "navigate", **more)


def script(site: str, **more: str) -> Headers:
    return asked(site, "empty", "cors", **more)


@pytest.fixture
def service(client: MakeClient) -> Client:
    return client(PROXY, PANDIUM, ORIGINS)


WELCOME = [
    {},
    link("none"),
    link("same-origin"),
    link("same-site", Referer=f"{FOREIGN}/"),
    link("cross-site", Referer=f"{FOREIGN}/"),
    link("cross-site"),
    frame("same-origin"),
    frame("same-site"),
    frame("cross-site", Referer=f"{HOST}/"),
    frame("cross-site", Referer=f"{HOST}/integrations?x=1"),
    frame("cross-site", Referer=HOST),
    script("same-origin"),
    script("same-site", Origin="https://other.acme.example"),
    script("cross-site", Origin=HOST),
    {"Origin": HOST},
    {"Origin": "https://sso.acme.example"},
    {"Referer": f"{HOST}/x"},
    {"Referer": "https://sso.acme.example/in/x"},
    {"Referer": "https://login.acme.example/start?rd=x"},
]

FOREIGN_REQUESTS = [
    frame("cross-site"),
    frame("cross-site", Referer=f"{FOREIGN}/"),
    frame("cross-site", Referer=f"{FOREIGN}/{HOST}/"),
    frame("cross-site", Referer=f"{HOST}.evil.example/"),
    frame("cross-site", Referer=f"{HOST}@evil.example/"),
    frame("cross-site", Referer=f"{HOST}:8443/"),
    frame("cross-site", Referer="http://app.acme.example/"),
    frame("cross-site", Referer="about:srcdoc"),
    frame("cross-site", Referer=""),
    frame("cross-site", Origin=FOREIGN, Referer=f"{HOST}/"),
    frame("somewhere"),
    frame("same-origin, cross-site"),
    frame("same-origin", Origin="null"),
    script("cross-site"),
    script("cross-site", Origin=FOREIGN),
    script("cross-site", Origin="null"),
    script("cross-site", Origin=f"{HOST}, {FOREIGN}"),
    asked("cross-site", "empty", "no-cors", Referer=f"{FOREIGN}/"),
    asked("cross-site", "document", "cors"),
    {"Origin": FOREIGN},
    {"Origin": "null"},
    {"Origin": "null", "Referer": f"{HOST}/"},
    {"Origin": ""},
    {"Referer": f"{FOREIGN}/"},
    link("none", **{"Sec-Purpose": "prefetch"}),
    link("same-origin", **{"Sec-Purpose": "prefetch;prerender"}),
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    *(
        asked("same-origin", dest, "no-cors")
        for dest in ("image", "script", "style", "object", "embed", "video", "worker", "manifest")
    ),
    asked("same-origin", "object", "navigate"),
    asked("same-origin", "embed", "navigate"),
    asked("same-origin", "", "navigate"),
]


@pytest.mark.requirement("R38")
@pytest.mark.parametrize("headers", WELCOME)
def test_the_host_its_login_and_a_link_from_anywhere_are_welcome(
    service: Client, headers: Headers
) -> None:
    signed_on = service.simulate_get("/pandium-sso", headers={**ADA, **headers})
    asked_only = service.simulate_get("/pandium-sso/session", headers={**ADA, **headers})

    assert signed_on.status_code == 307
    assert asked_only.status_code == 200


@pytest.mark.requirement("R31", "R38")
@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*"])
@pytest.mark.parametrize("headers", FOREIGN_REQUESTS)
def test_what_the_user_did_not_ask_for_mints_nothing(
    service: Client, headers: Headers, accept: str
) -> None:
    for path in ("/pandium-sso", "/pandium-sso/session"):
        answer = service.simulate_get(path, headers={**ADA, **headers, "Accept": accept})

        assert answer.status_code == 403
        assert "foreign_request" in answer.text
        assert "location" not in answer.headers
        assert "eyJ" not in answer.text


@pytest.mark.requirement("R38")
@pytest.mark.parametrize("name", ["Sec-Fetch-Site", "Sec-Fetch-Dest", "Origin", "Referer"])
def test_who_says_twice_where_a_request_comes_from_mints_nothing(
    service: Client, name: str
) -> None:
    near = {**link("same-origin"), "Origin": HOST, "Referer": f"{HOST}/"}
    twice = [*ADA.items(), *near.items(), (name, near[name])]

    answer = service.simulate_get("/pandium-sso", headers=twice)

    assert answer.status_code == 403
    assert "location" not in answer.headers


@pytest.mark.requirement("R38")
def test_without_configured_origins_no_other_site_may_ask(client: MakeClient) -> None:
    service = client()

    near = service.simulate_get("/pandium-sso", headers={**ADA, **frame("same-origin")})
    far = service.simulate_get(
        "/pandium-sso", headers={**ADA, **frame("cross-site", Referer=f"{HOST}/")}
    )

    assert (near.status_code, far.status_code) == (307, 403)


@pytest.mark.requirement("R38")
def test_answers_name_all_that_was_read(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers=ADA)

    named = {name.strip() for name in answer.headers["vary"].split(",")}
    assert named == {
        "Accept",
        "Origin",
        "Purpose",
        "Referer",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Sec-Purpose",
    }


def test_a_foreign_site_learns_nothing_of_the_session(service: Client) -> None:
    headers = frame("cross-site", Referer=f"{FOREIGN}/")

    signed_in = service.simulate_get("/pandium-sso", headers={**ADA, **headers})
    signed_out = service.simulate_get("/pandium-sso", headers=headers)

    assert signed_in.status_code == signed_out.status_code == 403
