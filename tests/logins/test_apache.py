"""Apache with mod_auth_openidc and its recipe, the certified OpenID provider, and the service."""

from __future__ import annotations

import base64
import http.client
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.packaging.login_proxy import FORGED, ask
from tests.system import vendor
from tests.system.acme import PANDIUM_SECRET
from tests.system.proxies import FRAME, PAGE, SCRIPT, Browser, location

from .apache_openidc import Front, standing
from .journeys import travel
from .needed import needs
from .openid import GROUPS, MANY_GROUPS, NAME, own_token

OIDC_HEADERS = ["X-Oidc-Sub", "X-Oidc-Email", "X-Oidc-Name", "X-Oidc-Groups"]
OIDC_HEADERS += ["X-Oidc-Email-Verified", "X-Oidc-email_verified"]
ADA = {"X-Oidc-sub": "dS0xNw", "X-Oidc-email": "YWRhQGFjbWUuZXhhbXBsZQ"}
ENDS = ("OIDCPKCEMethod S256", "OIDCPKCEMethod S256\n  OIDCSessionInactivityTimeout 10")

pytestmark = [
    needs("apache", "mod_auth_openidc", "oidc-provider"),
    pytest.mark.login("Apache with mod_auth_openidc"),
    pytest.mark.timeout(90),
]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with standing(tmp_path_factory.mktemp("apache")) as front:
        yield front


def signed_in(front: Front) -> Browser:
    browser = Browser()
    assert travel(browser, front.page).status == 307
    return browser


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names")
def test_a_login_ends_at_the_marketplace(front: Front) -> None:
    arrival = travel(Browser(), front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.claims["sub"] == "ada@acme.example"
    assert arrival.claims["who"] == NAME
    assert arrival.claims["groups"] == GROUPS
    assert vendor.arrive(arrival.address, key=PANDIUM_SECRET, parameter="tenant").parameters == {
        "integration_id": "7"
    }


def test_a_user_of_many_groups_signs_on(front: Front) -> None:
    groups = travel(Browser(), front.page, "u-16").claims["groups"]

    assert groups == ["marketplace", *MANY_GROUPS]


@pytest.mark.shows("groups")
def test_who_is_not_in_the_group_is_refused(front: Front) -> None:
    assert travel(Browser(), front.page, login="u-18").status == 403


@pytest.mark.shows("bearer")
def test_a_client_with_a_token_of_its_own_passes_the_login(front: Front) -> None:
    token = own_token(front.issuer)

    response, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {token}"})
    forged, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {token.swapcase()}"})

    arrival = vendor.arrive(response.headers["Location"], key=PANDIUM_SECRET, parameter="tenant")
    assert (response.status, arrival.claims["external_id"]) == (307, "u-17")
    assert forged.status == 401


@pytest.mark.shows("sign-out")
def test_who_signs_out_is_signed_out_here(front: Front) -> None:
    browser = signed_in(front)

    home = quote(f"{front.site}/", safe="")
    assert browser.get(f"{front.site}/oidc/callback?logout={home}").status == 302
    assert browser.get(front.page).status == 302
    assert browser.get(front.page, SCRIPT).status == 401


@pytest.mark.shows("session end")
@pytest.mark.requirement("R56", "R70")
def test_an_expired_session_is_renewed_by_one_login(tmp_path: Path) -> None:
    with standing(tmp_path, ENDS) as front:
        browser = signed_in(front)
        time.sleep(11)

        arrival = travel(browser, front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert sum("target_link_uri=" in each for each in arrival.way) == 1


@pytest.mark.requirement("R61", "R70")
def test_an_address_that_nobody_has_verified_is_no_address(front: Front) -> None:
    browser = Browser()

    arrival = travel(browser, front.page, "u-15")
    forged = browser.get(front.page, {**SCRIPT, "X-Oidc-email-verified": "MQ"})

    assert arrival.status == 403
    assert b"missing_claim" in arrival.body
    assert forged.status == 403


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_forged_headers_from_outside_are_refused(front: Front, headers: dict[str, str]) -> None:
    mallory = base64.urlsafe_b64encode(b"mallory").decode().rstrip("=")
    forged = dict.fromkeys([*FORGED, *OIDC_HEADERS, "X_Oidc_sub", "X-Proxy-Secret"], mallory)

    response, body = ask(front.port, "/pandium-sso", {**forged, **headers})

    assert response.status == (302 if headers is PAGE else 401)
    assert "tenant=" not in response.headers.get("Location", "")
    assert mallory.encode() not in body


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
def test_forged_headers_do_not_change_who_is_signed_in(front: Front) -> None:
    mallory = base64.urlsafe_b64encode(b"mallory").decode().rstrip("=")
    forged = dict.fromkeys([*OIDC_HEADERS, "X_Oidc_sub", "x-oidc-SUB"], mallory)

    response = signed_in(front).get(f"{front.site}/pandium-sso", {**PAGE, **forged})

    arrival = vendor.arrive(response.headers["Location"], key=PANDIUM_SECRET, parameter="tenant")
    assert arrival.claims["external_id"] == "u-17"


@pytest.mark.shows("forged refused")
def test_the_door_behind_the_proxy_opens_to_nobody_else(front: Front) -> None:
    """It opens with these headers to Apache's address: so it was Apache who took them out above."""
    for peer, status in (("127.0.0.1", 307), ("127.0.0.2", 401)):
        connection = http.client.HTTPConnection(front.service, source_address=(peer, 0))
        connection.request(
            "GET", "/pandium-sso", headers={**ADA, "X-Oidc-groups": "bWFya2V0cGxhY2U"}
        )

        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/version", "/pandium-ssox"])
def test_only_the_prefixes_of_the_service_are_passed(front: Front, path: str) -> None:
    assert ask(front.port, path)[0].status == 404


def test_the_login_never_leads_to_another_site(front: Front) -> None:
    browser = Browser()
    login = location(front.site, browser.get(f"{front.site}/pandium-sso"))

    forged = login.partition("&target_link_uri=")[0] + "&target_link_uri=https%3A%2F%2Fevil.example"
    response = browser.get(forged)

    assert response.headers["Location"] is None
    assert b"evil.example" not in browser.body
