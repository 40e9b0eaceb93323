"""oauth2-proxy with its recipe, behind nginx, and Keycloak as the provider."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.packaging.login_proxy import FORGED, ask
from tests.system.proxies import FRAME, PAGE, SCRIPT, Browser
from tests.system.service import eventually

from .journeys import Arrival, travel
from .keycloak import GROUPS, PASSWORD
from .keycloak_front import Front as Keycloak
from .needed import needs
from .oauth2_proxies import Front
from .openid import CLIENT_SECRET

pytestmark = [
    needs("oauth2-proxy", "nginx", "keycloak"),
    pytest.mark.login("oauth2-proxy behind nginx, with Keycloak"),
    pytest.mark.timeout(300),
]


@contextlib.contextmanager
def standing(keycloak: Keycloak, folder: Path, *more: str) -> Iterator[Front]:
    front = Front.planned("nginx", folder, keycloak.server.issuer)
    client = f"login-{front.port}"
    made = {
        "clientId": client,
        "secret": CLIENT_SECRET,
        "redirectUris": [front.callback],
        "attributes": {"post.logout.redirect.uris": f"{front.site}/*"},
        "protocolMappers": [GROUPS],
    }
    keycloak.server.make(made, "/acme/clients")
    with front.running(*more, group="Vertrieb München", client=client):
        yield front


@pytest.fixture(scope="module")
def front(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with standing(keycloak, tmp_path_factory.mktemp("front")) as front:
        yield front


def signed_in(browser: Browser, front: Front) -> Arrival:
    return travel(browser, front.page, "zoe", PASSWORD)


@pytest.mark.shows("sign-in", "307", "groups")
@pytest.mark.requirement("R70")
def test_a_login_ends_at_the_marketplace(front: Front) -> None:
    arrival = signed_in(Browser(), front)

    assert arrival.claims["sub"] == "zoe@acme.example"
    assert arrival.claims["who"] == "zoe"
    assert sorted(arrival.claims["groups"]) == ["Vertrieb München", "staff"]
    assert arrival.times("/oauth2/callback") == 1


@pytest.mark.shows("non-ASCII names")
def test_a_name_with_an_umlaut_arrives_as_it_is(keycloak: Keycloak, front: Front) -> None:
    juergen = {
        "username": "jürgen",
        "enabled": True,
        "firstName": "Jürgen",
        "lastName": "Groß",
        "email": "juergen@acme.example",
        "emailVerified": True,
        "groups": ["Vertrieb München"],
        "credentials": [{"type": "password", "value": PASSWORD}],
    }
    keycloak.server.make(juergen, "/acme/users")

    assert travel(Browser(), front.page, "jürgen", PASSWORD).claims["who"] == "jürgen"


@pytest.mark.shows("bearer")
def test_a_client_with_a_token_of_its_own_passes_the_login(
    keycloak: Keycloak, front: Front
) -> None:
    token = keycloak.tokens("app")["access_token"]

    known, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {token}"})
    forged, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {token.swapcase()}"})

    assert (known.status, forged.status) == (307, 401)


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_forged_headers_from_outside_are_refused(front: Front, headers: dict[str, str]) -> None:
    forged = dict.fromkeys(FORGED, "mallory")

    response, _ = ask(front.port, "/pandium-sso", {**forged, **headers})
    browser = Browser()
    signed_in(browser, front)
    known = browser.get(front.page, {**PAGE, **dict.fromkeys(set(FORGED) - {"Authorization"}, "x")})

    assert response.status == (302 if headers is PAGE else 401)
    assert known.status == 307
    assert "mallory" not in json.dumps(signed_in(browser, front).claims)


@pytest.mark.shows("sign-out")
def test_who_signs_out_at_both_has_to_sign_in_again(front: Front) -> None:
    browser = Browser()
    signed_in(browser, front)
    ends = f"{front.issuer}/protocol/openid-connect/logout"
    back = urlencode({"post_logout_redirect_uri": f"{front.site}/"})

    way = quote(f"{ends}?id_token_hint={{id_token}}&{back}", safe="{}")
    after = travel(browser, f"{front.site}/oauth2/sign_out?rd={way}")
    again = browser.get(front.page)

    assert after.address == f"{front.site}/"
    assert again.status == 302
    assert any("/authenticate" in each for each in signed_in(browser, front).way)


@pytest.mark.shows("session end")
@pytest.mark.requirement("R56", "R70")
def test_an_expired_session_is_renewed_by_one_login(keycloak: Keycloak, tmp_path: Path) -> None:
    with standing(keycloak, tmp_path, 'cookie_expire = "3s"') as front:
        browser = Browser()
        signed_in(browser, front)
        eventually(lambda: browser.get(front.page).status == 302)

        arrival = signed_in(browser, front)

    assert arrival.claims["sub"] == "zoe@acme.example"
    assert arrival.times("/oauth2/start") == 1
