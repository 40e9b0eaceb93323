"""nginx and Caddy with their recipes, a stand-in for oauth2-proxy, and the shipped service."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.logins.fronts import Places, caddy, nginx
from tests.packaging import login_proxy
from tests.packaging.login_proxy import FORGED, NGINX, SIGNED_IN, ask
from tests.system import vendor
from tests.system.acme import PANDIUM, PANDIUM_SECRET
from tests.system.proxies import FRAME, PAGE, RECIPES, SCRIPT
from tests.system.service import free_port, serving

CADDY = shutil.which("caddy", path=os.defpath)
NAMES = ["X-Auth-Request-User", "X-Auth-Request-Email", "X-Auth-Request-Groups"]


@dataclass(frozen=True)
class Front:
    port: int
    socket: str


def debians_caddy(places: Places) -> AbstractContextManager[None]:
    return caddy(places, program=str(CADDY))


PROXIES: dict[str, Callable[[Places], AbstractContextManager[None]]] = {
    "nginx": nginx,
    "caddy": debians_caddy,
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            "nginx",
            marks=pytest.mark.skipif(NGINX is None, reason="no nginx (Debian: nginx-light)"),
        ),
        pytest.param(
            "caddy", marks=pytest.mark.skipif(CADDY is None, reason="no Caddy (Debian: caddy)")
        ),
    ],
)
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp(request.param)
    port, socket = free_port(), folder / "http.sock"
    environment = {
        **PANDIUM,
        "SSO_BIND": f"unix:{socket}",
        "SSO_AUTHENTICATORS": "oauth2-proxy-nginx",
        "AUTH_OAUTH2_PROXY_NGINX_TRUSTED_PROXIES": "unix",
        "SSO_PUBLIC_URL": "https://app.acme.example",
        "SSO_LOGIN_URL": "https://app.acme.example/oauth2/start",
        "PANDIUM_CLAIMS": json.dumps({"who": "{name}", "groups": "{groups}"}),
    }
    with (
        serving(environment, folder / "service"),
        login_proxy.running(login_proxy.Login) as login,
        PROXIES[request.param](Places(folder, port, login, f"unix:{socket}")),
    ):
        yield Front(port, f"unix:{socket}")


def claims(location: str | None) -> dict[str, Any]:
    return vendor.arrive(str(location), key=PANDIUM_SECRET, parameter="tenant").claims


def test_a_signed_in_user_ends_at_the_marketplace(front: Front) -> None:
    response, body = ask(front.port, "/pandium-sso?integration_id=7", {**PAGE, **SIGNED_IN})

    assert response.status == 307
    assert claims(response.headers["Location"])["external_id"] == "u-17"
    assert body == b""


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_forged_headers_from_outside_are_refused(front: Front, headers: dict[str, str]) -> None:
    forged = dict.fromkeys([*FORGED, *NAMES], "mallory")

    response, body = ask(front.port, "/pandium-sso", {**forged, **headers})

    assert response.status == (302 if headers is PAGE else 401)
    assert "tenant=" not in response.headers.get("Location", "")
    assert b"mallory" not in body


@pytest.mark.requirement("R21")
def test_forged_headers_say_nothing_of_who_is_signed_in(front: Front) -> None:
    forged = dict.fromkeys([*FORGED, *NAMES], "mallory")

    response, _ = ask(front.port, "/pandium-sso", {**PAGE, **forged, **SIGNED_IN})

    found = claims(response.headers["Location"])
    assert found["external_id"] == "u-17"
    assert "mallory" not in json.dumps(found)


def test_a_page_goes_to_the_login_and_a_frame_does_not(front: Front) -> None:
    page, _ = ask(front.port, "/pandium-sso", PAGE)
    frame, body = ask(front.port, "/pandium-sso", FRAME)

    assert page.status == 302
    assert page.headers["Location"].startswith("https://app.acme.example/oauth2/start?rd=")
    assert frame.status == 401
    assert b"/oauth2/start" in body


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/metrics", "/version", "/pandium-ssox", "/oauth2/auth"]
)
def test_only_the_prefixes_of_the_service_are_passed(front: Front, path: str) -> None:
    assert ask(front.port, path, SIGNED_IN)[0].status == 404


def test_the_pages_of_the_login_are_passed(front: Front) -> None:
    assert ask(front.port, "/oauth2/start?rd=/")[1] == b"login /oauth2/start?rd=/"


def test_traefik_takes_identity_headers_out_before_it_asks_the_login() -> None:
    http = yaml.safe_load((RECIPES / "traefik.yaml").read_text())["http"]
    taken_out = http["middlewares"]["without-identity"]["headers"]["customRequestHeaders"]
    asked = http["middlewares"]["who-is-it"]["forwardAuth"]

    assert set(taken_out.values()) == {""}
    assert set(asked["authResponseHeaders"]) <= set(taken_out)
    assert asked["trustForwardHeader"] is False
    assert http["routers"]["marketplace-sso"]["middlewares"][:2] == [
        "without-identity",
        "who-is-it",
    ]


@pytest.mark.parametrize("path", sorted(RECIPES.iterdir()), ids=lambda path: path.name)
def test_a_recipe_names_what_to_set_on_our_side(path: Path) -> None:
    lines = path.read_text().splitlines()
    ours = [match[1] for line in lines if (match := re.match(r"#     (\w+)=\S+$", line))]

    assert {"SSO_BIND", "SSO_AUTHENTICATORS", "SSO_PUBLIC_URL"} <= set(ours)
    if "bearer" in path.name:
        assert any(name.endswith("_AUDIENCE") for name in ours)
    if "bearer" in path.name or path.name == "envoy.yaml":  # its clients sign in elsewhere
        assert "SSO_HOST_ORIGINS" in ours
    else:
        assert "SSO_LOGIN_URL" in ours
        assert any(name.endswith("_TRUSTED_PROXIES") for name in ours)
