"""The service asks oauth2-proxy itself, with the browser's cookie: no proxy stands in front."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.login_proxy import FORGED, ask
from tests.system.acme import PANDIUM
from tests.system.proxies import FRAME, PAGE, SCRIPT, Browser
from tests.system.service import eventually, free_port, serving

from .journeys import travel
from .needed import needs
from .oauth2_proxies import oauth2_proxy
from .openid import GROUPS, MANY_GROUPS, NAME, Provider

COOKIE = "__Host-oauth2-proxy"
pytestmark = [
    needs("oauth2-proxy", "oidc-provider"),
    pytest.mark.login("oauth2-proxy, asked by the service"),
    pytest.mark.timeout(90),
]


@dataclass(frozen=True)
class Front:
    port: int
    login: int

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/pandium-sso?integration_id=7"

    @property
    def login_site(self) -> str:
        return f"http://127.0.0.1:{self.login}"


@contextlib.contextmanager
def standing(folder: Path, *more: str) -> Iterator[Front]:
    provider, front = Provider(), Front(free_port(), free_port())
    environment = {
        **PANDIUM,
        "SSO_BIND": f"127.0.0.1:{front.port}",
        "SSO_AUTHENTICATORS": "forward-auth",
        "AUTH_FORWARD_AUTH_URL": f"{front.login_site}/oauth2/auth",
        "AUTH_FORWARD_AUTH_FORWARD_COOKIES": f"{COOKIE},{COOKIE}_0,{COOKIE}_1",
        "SSO_PUBLIC_URL": f"http://127.0.0.1:{front.port}",
        "SSO_LOGIN_URL": f"{front.login_site}/oauth2/start",
        "SSO_ALLOWED_GROUPS": "marketplace",
        "PANDIUM_CLAIMS": json.dumps({"who": "{name}", "groups": "{groups}"}),
    }
    addresses = {
        "https://login.acme.example": provider.issuer,
        "https://app.acme.example": front.login_site,
        '"app.acme.example"': f'"127.0.0.1:{front.port}"',
        "127.0.0.1:4180": f"127.0.0.1:{front.login}",
    }
    with (
        provider.running(folder, f"{front.login_site}/oauth2/callback"),
        oauth2_proxy(folder / "login", "oauth2-proxy-auth.cfg", addresses, front.login, *more),
        serving(environment, folder / "service"),
    ):
        yield front


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with standing(tmp_path_factory.mktemp("forward-auth")) as front:
        yield front


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names")
@pytest.mark.requirement("R70")
def test_a_login_ends_at_the_marketplace(front: Front) -> None:
    arrival = travel(Browser(by_host=True), front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.claims["who"] == NAME
    assert arrival.claims["groups"] == GROUPS
    assert arrival.times("/oauth2/callback") == 1


def test_a_session_in_two_cookies_is_one(front: Front) -> None:
    browser = Browser(by_host=True)

    arrival = travel(browser, front.page, "u-16")

    assert arrival.claims["groups"] == ["marketplace", *MANY_GROUPS]
    assert f"{COOKIE}_1" in browser.cookies["127.0.0.1"]


@pytest.mark.shows("groups")
def test_who_is_not_in_the_group_is_refused(front: Front) -> None:
    assert travel(Browser(by_host=True), front.page, login="u-18").status == 403


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_neither_forged_headers_nor_a_forged_cookie_sign_on(
    front: Front, headers: dict[str, str]
) -> None:
    browser = Browser(by_host=True)
    travel(browser, front.page)
    cookie = browser.cookies["127.0.0.1"][COOKIE]
    forged = dict.fromkeys(FORGED, "mallory")

    for value in ("mallory", cookie[:-4], cookie.swapcase()):
        given = {**forged, **headers, "Cookie": f"{COOKIE}={value}"}
        response, body = ask(front.port, "/pandium-sso", given)

        assert response.status == (302 if headers is PAGE else 401)
        assert b"mallory" not in body


@pytest.mark.shows("sign-out")
def test_who_signs_out_is_signed_out_here(front: Front) -> None:
    browser = Browser(by_host=True)
    travel(browser, front.page)

    assert browser.get(f"{front.login_site}/oauth2/sign_out").status == 302
    assert browser.get(front.page, SCRIPT).status == 401


@pytest.mark.shows("session end")
@pytest.mark.requirement("R56", "R70")
def test_an_expired_session_is_renewed_by_one_login(tmp_path: Path) -> None:
    with standing(tmp_path, 'cookie_expire = "3s"') as front:
        browser = Browser(by_host=True)
        travel(browser, front.page)
        eventually(lambda: browser.get(front.page).status == 302)

        arrival = travel(browser, front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.times("/oauth2/start") == 1
