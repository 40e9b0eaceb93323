"""Envoy's `jwt_authn` with its recipe: it verifies a provider's tokens, and we read its payload."""

from __future__ import annotations

import base64
import http.client
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.packaging.login_proxy import FORGED, ask
from tests.system import vendor
from tests.system.acme import PANDIUM, PANDIUM_SECRET
from tests.system.proxies import FRAME, PAGE, SCRIPT
from tests.system.service import free_port, serving

from .fronts import Places, envoy
from .needed import needs
from .oidc_provider import application, sign_in
from .token_provider import SECRET, serving_provider
from .tokens import ALLOWED, claims, forged, is_zoe
from .visitor import Visitor

MALLORY = (
    base64.urlsafe_b64encode(b'{"sub":"mallory","email":"m@acme.example"}').decode().rstrip("=")
)
pytestmark = [
    needs("envoy", "oidc-provider"),
    pytest.mark.login("Envoy, envoy-payload"),
    pytest.mark.timeout(90),
]


@dataclass(frozen=True)
class Front:
    port: int
    issuer: str

    def tokens(self, client: str = "app", name: str = "zoe") -> dict[str, Any]:
        asking = application(self.issuer, "urn:marketplace:signed", client)
        return asking.tokens(Visitor(), partial(sign_in, name=name))

    def token(self, client: str = "app", name: str = "zoe") -> str:
        return str(self.tokens(client, name)["access_token"])

    def ask(
        self, token: str | None = None, path: str = "/pandium-sso", **headers: str
    ) -> http.client.HTTPResponse:
        given = {} if token is None else {"Authorization": f"Bearer {token}"}
        return ask(self.port, path, {**given, **headers})[0]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("envoy")
    service, port = f"unix:{folder}/socket", free_port()
    environment = {
        **PANDIUM,
        **ALLOWED,
        "SSO_BIND": service,
        "SSO_AUTHENTICATORS": "envoy-payload",
        "AUTH_ENVOY_PAYLOAD_TRUSTED_PROXIES": "unix",
        "PANDIUM_CLAIMS": json.dumps({"name": "{name}", "groups": "{groups}"}),
    }
    with serving_provider(folder) as issuer:
        login = issuer.removeprefix("http://")
        changes = [
            ("https://login.acme.example/jwks", f"{issuer}/jwks"),
            ("https://login.acme.example", issuer),
            ("login.acme.example, port_value: 443", login.replace(":", ", port_value: ")),
        ]
        with (
            serving(environment, folder / "service"),
            envoy(Places(folder, port, 0, service), "envoy.yaml", *changes),
        ):
            yield Front(port, issuer)


def user(response: http.client.HTTPResponse) -> dict[str, Any]:
    assert response.status == 307
    return vendor.arrive(
        response.headers["Location"], key=PANDIUM_SECRET, parameter="tenant"
    ).claims


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names", "bearer")
@pytest.mark.requirement("R70")
def test_what_envoy_says_of_a_token_signs_on(front: Front) -> None:
    assert is_zoe(user(front.ask(front.token())))


@pytest.mark.shows("groups")
def test_groups_in_the_payload_decide(front: Front) -> None:
    tokens = [front.token(name=name) for name in ("zoe", "bob")]

    assert [front.ask(token, "/apifuse-sso").status for token in tokens] == [307, 403]


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_headers_of_a_visitor_sign_nobody_on(front: Front, headers: dict[str, str]) -> None:
    names = dict.fromkeys(set(FORGED) - {"Authorization"}, MALLORY)

    assert front.ask(**{**names, **headers}).status == 401


@pytest.mark.shows("forged refused")
@pytest.mark.requirement("R21", "R70")
@pytest.mark.parametrize("name", ["X-Jwt-Payload", "x-jwt-payload", "x_jwt_payload"])
def test_headers_of_a_visitor_change_nobody(front: Front, name: str) -> None:
    assert is_zoe(user(front.ask(front.token(), **{name: MALLORY})))


@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_envoy(front: Front) -> None:
    token = front.token()

    assert front.ask(forged(token, sub="root")).status == 401
    assert front.ask(forged(token, sub="root"), **{"X-Jwt-Payload": MALLORY}).status == 401
    assert front.ask("e30.e30.").status == 401


@pytest.mark.requirement("R57")
def test_neither_an_id_token_nor_a_clients_own_token_signs_on(front: Front) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_secret": SECRET,
        "resource": "urn:marketplace:signed",
    }
    marketplace = application(front.issuer, "urn:marketplace:signed", "marketplace")
    own = marketplace.ask("token", form)["access_token"]

    assert front.ask(own).status == 401
    assert front.ask(front.tokens()["id_token"]).status in {401, 403}


@pytest.mark.shows("session end")
def test_a_token_that_has_ended_signs_nobody_on(front: Front) -> None:
    token = front.token("brief")
    assert is_zoe(user(front.ask(token)))

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert front.ask(token).status == 401


@pytest.mark.parametrize(
    "path", ["/livez", "/metrics", "/pandium-ssox", "/pandium-sso%2f..%2fmetrics", "/x/../metrics"]
)
def test_only_the_prefixes_of_the_service_are_passed(front: Front, path: str) -> None:
    assert front.ask(path=path).status in {400, 404}
