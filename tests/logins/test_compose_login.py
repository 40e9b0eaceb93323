"""The compose profile `login` with the real nginx and oauth2-proxy; for dex, another provider."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.packaging.login_proxy import FORGED, ask, nginx_before
from tests.system import proxies
from tests.system.acme import PANDIUM_SECRET
from tests.system.proxies import FRAME, PAGE, SCRIPT, Browser
from tests.system.service import ROOT, eventually, free_port, serving

from .journeys import travel
from .needed import needs
from .oauth2_proxies import COOKIE_SECRET
from .openid import CLIENT_SECRET, GROUPS, NAME, Provider
from .products import PRODUCTS

AS_DEX = {"routes": {"jwks": "/keys"}, "conformIdTokenClaims": False}
COMPOSE = ROOT / "config/compose"
pytestmark = [
    needs("oauth2-proxy", "oidc-provider", "nginx"),
    pytest.mark.login("the compose profile login, without dex"),
    pytest.mark.timeout(90),
]


@dataclass(frozen=True)
class Front:
    port: int

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        return f"{self.site}/pandium-sso?integration_id=7"


def environment(site: str, folder: Path) -> dict[str, str]:
    """Return the variables of the compose file, with addresses of this machine."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    shipped = compose["services"]["service"]["environment"]
    return {
        name: re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value).replace("http://localhost:8080", site)
        for name, value in shipped.items()
    } | {
        "SECRETS_DIR": str(folder),
        "AUTH_OAUTH2_PROXY_NGINX_TRUSTED_PROXIES": "127.0.0.1/32",
        "PANDIUM_CLAIMS": json.dumps({"who": "{name}", "groups": "{groups}"}),
    }


def configuration(folder: Path, site: str, login: int, dex: int, *more: str) -> Path:
    """Return oauth2-proxy's file, with addresses of this machine."""
    text = (COMPOSE / "oauth2-proxy.cfg").read_text()
    addresses = {
        "http://localhost:8080": site,
        "localhost:8080": site.removeprefix("http://"),
        "http://dex:5556": f"http://127.0.0.1:{dex}",
        "0.0.0.0:4180": f"127.0.0.1:{login}",
        "/run/secrets": str(folder),
        '"marketplace-sso"': '"marketplace"',
    }
    for shipped, here in addresses.items():
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    path = folder.parent / "oauth2-proxy.cfg"
    path.write_text("\n".join([text, *more]))
    return path


@contextlib.contextmanager
def standing(folder: Path, *more: str) -> Iterator[Front]:
    """Run all of it; `more` are lines for oauth2-proxy."""
    (secrets := folder / "secrets").mkdir()
    (secrets / "PANDIUM_SHARED_SECRET").write_text(PANDIUM_SECRET)
    (secrets / "OAUTH2_PROXY_CLIENT_SECRET").write_text(CLIENT_SECRET)
    (secrets / "OAUTH2_PROXY_COOKIE_SECRET").write_text(COOKIE_SECRET)
    nginx = shutil.copytree(COMPOSE / "nginx", folder / "nginx")
    front, login, service = Front(free_port()), free_port(), free_port()
    provider = Provider(behind=f"{front.site}/dex")
    variables = environment(front.site, secrets) | {"SSO_BIND": f"127.0.0.1:{service}"}
    file = configuration(secrets, front.site, login, provider.port, *more)
    command = [str(PRODUCTS["oauth2-proxy"].path), "--config", str(file)]
    with (
        provider.running(folder, f"{front.site}/oauth2/callback", **AS_DEX),
        proxies.running(command, login, folder / "oauth2-proxy.log"),
        serving(variables, folder / "service"),
        nginx_before(service, login, provider.port, front.port, nginx),
    ):
        yield front


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with standing(tmp_path_factory.mktemp("compose")) as front:
        yield front


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names")
@pytest.mark.requirement("R70")
def test_a_login_ends_at_the_marketplace(front: Front) -> None:
    arrival = travel(Browser(), f"{front.site}/")

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.claims["sub"] == "ada@acme.example"
    assert arrival.claims["who"] == NAME
    assert arrival.claims["groups"] == GROUPS
    assert arrival.times("/oauth2/callback") == 1
    assert not any("approval_prompt=force" in address for address in arrival.way)


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_forged_headers_from_outside_are_refused(front: Front, headers: dict[str, str]) -> None:
    forged = dict.fromkeys(FORGED, "mallory")

    response, body = ask(front.port, "/pandium-sso", {**forged, **headers})

    assert response.status == (302 if headers is PAGE else 401)
    assert b"mallory" not in body


@pytest.mark.shows("sign-out")
def test_who_signs_out_is_signed_out_here(front: Front) -> None:
    browser = Browser()
    travel(browser, front.page)

    assert browser.get(f"{front.site}/oauth2/sign_out").status == 302
    assert browser.get(front.page).status == 302


@pytest.mark.shows("session end")
@pytest.mark.requirement("R56", "R70")
def test_an_expired_session_is_renewed_by_one_login(tmp_path: Path) -> None:
    with standing(tmp_path, 'cookie_expire = "3s"') as front:
        browser = Browser()
        travel(browser, front.page)
        eventually(lambda: browser.get(front.page).status == 302)

        arrival = travel(browser, front.page)

    assert arrival.claims["external_id"] == "u-17"
    assert arrival.times("/oauth2/start") == 1
