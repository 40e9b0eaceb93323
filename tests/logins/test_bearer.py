"""A client's own token through each proxy, with the recipe that asks no login."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from app.testing import IssuerKey
from tests.packaging.login_proxy import FORGED, ask
from tests.system import vendor
from tests.system.acme import PANDIUM, PANDIUM_SECRET
from tests.system.proxies import SCRIPT
from tests.system.service import free_port, serving

from .fronts import Places, Running, apache, caddy, envoy, nginx, traefik
from .needed import needs
from .oidc_provider import application, sign_in
from .token_provider import SECRET, serving_provider
from .visitor import Visitor

ORIGIN = "https://app.acme.example"
ZOE = "Zoë Østergård 山田"
PROXIES: dict[str, tuple[Callable[..., Running], str]] = {
    "nginx": (nginx, "nginx-bearer.conf"),
    "apache": (apache, "apache-bearer.conf"),
    "caddy": (caddy, "Caddyfile.bearer"),
    "traefik": (traefik, "traefik-bearer.yaml"),
    "envoy": (envoy, "envoy-bearer.yaml"),
}
NAMES = {
    "nginx": "nginx",
    "apache": "Apache",
    "caddy": "Caddy",
    "traefik": "Traefik",
    "envoy": "Envoy",
}
LOGINS = ("oidc", "rfc7662", "appdirect")
pytestmark = [needs("oidc-provider"), pytest.mark.timeout(90)]


@dataclass(frozen=True)
class Tokens:
    """Who gives out tokens: a real provider, and AppDirect's key."""

    issuer: str
    key: IssuerKey
    folder: Path

    def variables(self, login: str) -> dict[str, str]:
        if login == "appdirect":
            keys = self.folder / "keys.json"
            keys.write_text(json.dumps({"keys": [self.key.jwk()]}))
            return {"AUTH_APPDIRECT_JWKS_FILE": str(keys), "AUTH_APPDIRECT_TENANTS": "ACME"}
        if login == "oidc":
            return {"AUTH_OIDC_ISSUER": self.issuer, "AUTH_OIDC_AUDIENCE": "marketplace"}
        return {
            "AUTH_RFC7662_URL": f"{self.issuer}/token/introspection",
            "AUTH_RFC7662_FORWARD_HEADERS": "Authorization",
            "AUTH_RFC7662_CLIENT_ID": "marketplace",
            "AUTH_RFC7662_CLIENT_SECRET": SECRET,
            "AUTH_RFC7662_ISSUER": self.issuer,
            "AUTH_RFC7662_AUDIENCE": "marketplace",
        }

    def token(self, login: str) -> str:
        if login == "appdirect":
            now = int(time.time())
            claims = {"sub": "zoe", "name": "zoe@acme.example", "tenant": "ACME"}
            return self.key.sign({**claims, "iat": now, "exp": now + 600})
        resource = f"urn:marketplace:{'signed' if login == 'oidc' else 'opaque'}"
        tokens = application(self.issuer, resource).tokens(Visitor(), sign_in)
        return str(tokens["access_token"])


@dataclass(frozen=True)
class Front:
    port: int
    login: str
    token: str

    def ask(self, token: str, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        given = {**SCRIPT, "Authorization": f"Bearer {token}", **headers}
        return ask(self.port, "/pandium-sso", given)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tokens]:
    folder = tmp_path_factory.mktemp("tokens")
    with serving_provider(folder) as issuer:
        yield Tokens(issuer, IssuerKey("RS256", "appdirect-1"), folder)


def through(proxy: str) -> list[ParameterSet]:
    marks = [needs(proxy), pytest.mark.login(f"{NAMES[proxy]} without a login")]
    return [pytest.param((proxy, login), id=f"{proxy}-{login}", marks=marks) for login in LOGINS]


@pytest.fixture(scope="module", params=[each for proxy in PROXIES for each in through(proxy)])
def front(
    request: pytest.FixtureRequest, tokens: Tokens, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    proxy, login = request.param
    folder = tmp_path_factory.mktemp(proxy)
    start, recipe = PROXIES[proxy]
    socket = proxy in {"nginx", "caddy", "envoy"}
    service = f"unix:{folder}/socket" if socket else f"127.0.0.1:{free_port()}"
    environment = {
        **PANDIUM,
        "SSO_BIND": service,
        "SSO_AUTHENTICATORS": login,
        **tokens.variables(login),
        "SSO_PUBLIC_URL": "https://sso.acme.example",
        "SSO_HOST_ORIGINS": ORIGIN,
        "PANDIUM_CLAIMS": json.dumps({"who": "{name}", "groups": "{groups}"}),
    }
    port = free_port()
    with (
        serving(environment, folder / "service"),
        start(Places(folder, port, 0, service), recipe),
    ):
        yield Front(port, login, tokens.token(login))


@pytest.mark.shows("307", "groups", "non-ASCII names", "bearer")
@pytest.mark.requirement("R70")
def test_a_clients_own_token_reaches_the_service(front: Front) -> None:
    response, body = front.ask(front.token, Origin=ORIGIN)

    assert response.status == 200, body
    url = json.loads(body)["url"]
    found = vendor.arrive(url, key=PANDIUM_SECRET, parameter="tenant").claims
    assert (found["external_id"], found["sub"]) == ("zoe", "zoe@acme.example")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    if front.login != "appdirect":  # whose tokens have neither
        assert (found["who"], found["groups"]) == (ZOE, ["Vertrieb München", "staff"])


def test_a_browser_gets_a_redirect(front: Front) -> None:
    response, _ = ask(front.port, "/pandium-sso", {"Authorization": f"Bearer {front.token}"})

    assert response.status == 307


def test_the_question_before_it_is_answered(front: Front) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    asked["Access-Control-Request-Headers"] = "authorization"

    response, _ = ask(front.port, "/pandium-sso", asked, method="OPTIONS")

    assert response.status == 204
    assert "authorization" in response.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
def test_neither_a_forged_token_nor_headers_sign_on(front: Front) -> None:
    head, _, rest = front.token.partition(".")
    forged = f"{head}.{rest.swapcase()}" if rest else front.token.swapcase()
    headers = dict.fromkeys(set(FORGED) - {"Authorization"}, "mallory")

    assert front.ask(forged)[0].status == 401
    assert ask(front.port, "/pandium-sso", {**SCRIPT, **headers})[0].status == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/version", "/pandium-ssox"])
def test_only_the_prefixes_of_the_service_are_passed(front: Front, path: str) -> None:
    assert ask(front.port, path)[0].status == 404
