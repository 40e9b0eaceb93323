"""oauth2-proxy as the proxy itself and behind others, with the recipes of config/proxies."""

from __future__ import annotations

import http.client
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.packaging.login_proxy import FORGED, ask
from tests.system import vendor
from tests.system.acme import PANDIUM_SECRET
from tests.system.proxies import FRAME, PAGE, SCRIPT, Browser

from .journeys import travel
from .needed import needs
from .oauth2_proxies import Front, standing
from .openid import GROUPS, NAME, own_token

NAMES = ["X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username"]
NAMES += [name.replace("Forwarded", "Auth-Request") for name in NAMES]
NAMES += ["X-Renewed-Session"]
pytestmark = [needs("oauth2-proxy", "oidc-provider"), pytest.mark.timeout(90)]


@pytest.fixture(scope="module")
def front(proxy: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with standing(proxy, tmp_path_factory.mktemp(proxy)) as front:
        yield front


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names")
def test_a_login_ends_at_the_marketplace(front: Front) -> None:
    arrival = travel(Browser(), front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.claims["sub"] == "ada@acme.example"
    assert arrival.claims["who"] == NAME
    assert arrival.claims["groups"] == GROUPS
    assert arrival.times("/oauth2/callback") == 1
    assert not any("approval_prompt=force" in address for address in arrival.way)


@pytest.mark.shows("groups")
def test_who_is_not_in_the_group_is_refused(front: Front) -> None:
    arrival = travel(Browser(), front.page, login="u-18")

    assert arrival.status == 403
    assert arrival.times("/oauth2/start") == 1


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_forged_headers_from_outside_are_refused(front: Front, headers: dict[str, str]) -> None:
    forged = dict.fromkeys([*FORGED, *NAMES], "mallory")

    response, body = ask(front.port, "/pandium-sso", {**forged, **headers})

    assert response.status == (302 if headers is PAGE else 401)
    assert "tenant=" not in response.headers.get("Location", "")
    assert b"mallory" not in body
    assert "mallory" not in str(response.headers)


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
def test_forged_headers_do_not_change_who_is_signed_in(front: Front) -> None:
    browser = Browser()
    travel(browser, front.page)
    forged = dict.fromkeys([*FORGED, *NAMES], "mallory")

    response = browser.get(front.page, {**PAGE, **forged})

    assert response.status == 307
    assert "mallory" not in json.dumps(travel(browser, front.page).claims)


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
def test_nobody_else_reaches_the_service_as_the_proxy_does(front: Front) -> None:
    if front.service.startswith("unix:"):
        path = Path(front.service.removeprefix("unix:"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        return
    forged = dict.fromkeys(NAMES, "mallory")
    address = urlsplit(f"http://{front.service}")
    stranger = http.client.HTTPConnection(address.netloc, source_address=("127.0.0.2", 0))
    stranger.request("GET", "/pandium-sso", headers=forged)

    assert stranger.getresponse().status == 401
    stranger.close()


@pytest.mark.shows("bearer")
def test_a_client_with_a_token_of_its_own_passes_the_login(front: Front) -> None:
    token = own_token(front.issuer)

    response, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {token}"})
    forged, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {token.swapcase()}"})

    claims = vendor.arrive(
        response.headers["Location"], key=PANDIUM_SECRET, parameter="tenant"
    ).claims
    assert (response.status, claims["external_id"], claims["who"]) == (307, "u-17", NAME)
    assert forged.status == 401


@pytest.mark.shows("sign-out")
def test_who_signs_out_is_signed_out_here(front: Front) -> None:
    browser = Browser()
    travel(browser, front.page)

    assert browser.get(f"{front.site}/oauth2/sign_out").status == 302
    assert browser.get(front.page).status == 302
    assert browser.get(front.page, SCRIPT).status == 401


def test_nothing_else_of_the_service_is_passed_to_who_is_signed_in(front: Front) -> None:
    browser = Browser()
    travel(browser, front.page)

    for path in ("/livez", "/readyz", "/metrics", "/version", "/pandium-ssox", "/identity"):
        assert browser.get(front.site + path).status == 404, path
