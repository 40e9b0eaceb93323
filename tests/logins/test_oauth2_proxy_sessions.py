"""oauth2-proxy's sessions: that end, that are renewed, and that nobody gets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.system.proxies import SCRIPT, Browser
from tests.system.service import eventually

from .journeys import travel
from .needed import needs
from .oauth2_proxies import Front, standing
from .openid import MANY_GROUPS

pytestmark = [needs("oauth2-proxy", "oidc-provider"), pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def front(proxy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with standing(proxy, tmp_path_factory.mktemp(proxy)) as front:
        yield front


@pytest.mark.requirement("R56")
def test_whom_the_login_does_not_let_in_ends_there_and_not_in_a_circle(
    proxy: str, tmp_path: Path
) -> None:
    with standing(proxy, tmp_path, 'allowed_groups = ["others"]') as front:
        browser = Browser()
        arrival = travel(browser, front.page)

        assert arrival.status == 403
        assert urlsplit(arrival.address).path == "/oauth2/callback"
        assert arrival.times("/oauth2/start") == 1
        assert browser.get(front.page, SCRIPT).status == 401


@pytest.mark.shows("session end")
@pytest.mark.requirement("R56", "R70")
def test_an_expired_session_is_renewed_by_one_login(proxy: str, tmp_path: Path) -> None:
    with standing(proxy, tmp_path, 'cookie_expire = "3s"') as front:
        browser = Browser()
        travel(browser, front.page)
        eventually(lambda: browser.get(front.page).status == 302)

        arrival = travel(browser, front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.times("/oauth2/start") == 1


@pytest.mark.shows("session end")
def test_a_session_that_is_renewed_on_the_way_goes_on(proxy: str, tmp_path: Path) -> None:
    """A refresh token counts once: the cookie with the next one has to reach the browser."""
    with standing(proxy, tmp_path, 'cookie_refresh = "1s"') as front:
        browser = Browser()
        travel(browser, front.page)

        for _ in range(3):
            time.sleep(2.1)
            before = browser.cookies[f"127.0.0.1:{front.port}"].copy()
            assert browser.get(front.page).status == 307
            assert browser.cookies[f"127.0.0.1:{front.port}"] != before


@pytest.mark.shows("session end")
@pytest.mark.requirement("R56", "R70")
def test_a_login_that_leaves_no_session_is_tried_once(front: Front) -> None:
    """As in a browser that keeps no cookie of it."""
    response = Browser().get(f"{front.page}&sso_attempt={int(time.time())}")

    assert response.status == 401


def test_a_user_of_many_groups_signs_on(front: Front) -> None:
    """The session needs two cookies, and the groups a header of almost four kilobytes."""
    browser = Browser()
    arrival = travel(browser, front.page, "u-16")

    assert arrival.claims["groups"] == ["marketplace", *MANY_GROUPS]
    assert any(name.endswith("-proxy_1") for name in browser.cookies[f"127.0.0.1:{front.port}"])


@pytest.mark.requirement("R61", "R70")
def test_whose_address_nobody_has_verified_is_refused_by_the_login(front: Front) -> None:
    arrival = travel(Browser(), front.page, "u-15")

    assert arrival.status == 403
    assert urlsplit(arrival.address).path == "/oauth2/callback"
