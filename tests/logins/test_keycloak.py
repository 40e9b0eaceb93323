"""Keycloak's access tokens, verified by themselves (`oidc`) and asked about (`rfc7662`)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.system.acme import PANDIUM
from tests.system.service import Service, free_port, run, serving_all

from .keycloak import SECRET, Keycloak, serving_keycloak, sign_in
from .needed import needs
from .tokens import claims, code, forged, user
from .visitor import Visitor

pytestmark = [needs("keycloak"), pytest.mark.timeout(300)]

SIGNED = pytest.mark.login("Keycloak, oidc")
ASKED = pytest.mark.login("Keycloak, rfc7662")
CLAIMS = {"name": "{name}", "groups": "{groups}"}


@dataclass(frozen=True)
class Front:
    keycloak: Keycloak
    signed: Service
    asked: Service
    variables: dict[str, str]

    def tokens(self, client: str) -> dict[str, Any]:
        return self.keycloak.application(client).tokens(Visitor(), sign_in)

    def services(self) -> tuple[Service, Service]:
        return self.signed, self.asked


def oidc(issuer: str) -> dict[str, str]:
    return {
        "SSO_AUTHENTICATORS": "oidc",
        "AUTH_OIDC_ISSUER": issuer,
        "AUTH_OIDC_AUDIENCE": "marketplace",
        "AUTH_OIDC_LEEWAY_SECONDS": "0",
    }


def rfc7662(issuer: str) -> dict[str, str]:
    return {
        "SSO_AUTHENTICATORS": "rfc7662",
        "AUTH_RFC7662_URL": f"{issuer}/protocol/openid-connect/token/introspect",
        "AUTH_RFC7662_FORWARD_HEADERS": "Authorization",
        "AUTH_RFC7662_CLIENT_ID": "marketplace",
        "AUTH_RFC7662_CLIENT_SECRET": SECRET,
        "AUTH_RFC7662_ISSUER": issuer,
        "AUTH_RFC7662_AUDIENCE": "marketplace",
        "AUTH_RFC7662_SCOPE": "profile",
    }


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("keycloak")
    with serving_keycloak(folder) as keycloak:
        ours = {**PANDIUM, "PANDIUM_CLAIMS": json.dumps(CLAIMS)}
        bind = {"SSO_BIND": f"127.0.0.1:{free_port()}"}
        signed, asked = ours | oidc(keycloak.issuer), ours | rfc7662(keycloak.issuer)
        environments = {"signed": signed, "asked": asked}
        with serving_all(environments, folder / "services") as services:
            yield Front(keycloak, services["signed"], services["asked"], {**asked, **bind})


def is_zoe(found: dict[str, Any]) -> bool:
    return (found["sub"], found["name"], sorted(found["groups"])) == (
        "zoe@acme.example",
        "Zoë Østergård 山田",
        ["Vertrieb München", "staff"],
    )


SHOWN = ("sign-in", "307", "groups", "non-ASCII names", "bearer")


@SIGNED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_who_signs_in_with_the_code_flow_signs_on_with_the_access_token(front: Front) -> None:
    token = front.tokens("app")["access_token"]

    assert claims(token)["aud"] == ["marketplace", "account"]
    assert is_zoe(user(front.signed, token))


@ASKED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_keycloak_is_asked_whose_access_token_it_is(front: Front) -> None:
    assert is_zoe(user(front.asked, front.tokens("app")["access_token"]))


def test_both_know_the_user_by_the_same_id(front: Front) -> None:
    token = front.tokens("app")["access_token"]

    ids = {user(service, token)["external_id"] for service in front.services()}

    assert ids == {claims(token)["sub"]}


@SIGNED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_us(front: Front) -> None:
    assert code(front.signed, forged(front.tokens("app")["access_token"])) == "invalid_session"


@ASKED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_keycloak(front: Front) -> None:
    token = forged(front.tokens("app")["access_token"], name="Mallory")

    assert code(front.asked, token) == "invalid_session"
    assert code(front.asked, "made-up") == "invalid_session"


@pytest.mark.requirement("R57")
def test_a_token_of_a_client_without_the_audience_mapper_is_refused(front: Front) -> None:
    token = front.tokens("other")["access_token"]

    assert claims(token)["aud"] == "account"
    assert [code(each, token) for each in front.services()] == ["invalid_session"] * 2


@pytest.mark.requirement("R57")
def test_neither_an_id_token_nor_a_refresh_token_nor_a_clients_own_signs_on(front: Front) -> None:
    tokens = front.tokens("app")

    for token in (tokens["id_token"], tokens["refresh_token"], front.keycloak.robots_token()):
        assert [code(each, token) for each in front.services()] == ["invalid_session"] * 2


@SIGNED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_us(front: Front) -> None:
    token = front.tokens("brief")["access_token"]
    assert user(front.signed, token)["sub"] == "zoe@acme.example"

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert code(front.signed, token) == "invalid_session"


@ASKED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_keycloak(front: Front) -> None:
    token = front.tokens("brief")["access_token"]
    assert user(front.asked, token)["sub"] == "zoe@acme.example"

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert code(front.asked, token) == "invalid_session"


@ASKED
@pytest.mark.shows("sign-out")
@pytest.mark.requirement("R27")
def test_a_sign_out_counts_at_once_where_keycloak_is_asked(front: Front) -> None:
    tokens = front.tokens("app")
    application = front.keycloak.application("app")
    assert is_zoe(user(front.asked, tokens["access_token"]))

    application.ask("end_session", {"refresh_token": tokens["refresh_token"]})

    assert code(front.asked, tokens["access_token"]) == "invalid_session"
    assert is_zoe(user(front.signed, tokens["access_token"])), "the token itself lives on"


def test_a_revoked_token_is_refused_where_keycloak_is_asked(front: Front) -> None:
    token = front.tokens("app")["access_token"]

    front.keycloak.application("app").ask("revocation", {"token": token})

    assert code(front.asked, token) == "invalid_session"


def test_the_service_passes_its_own_check(front: Front) -> None:
    ended = run(front.variables, "check", "--online")

    assert "token/introspect: does not know a token that nobody has" in ended.stdout


def test_a_wrong_secret_of_the_service_is_no_users_fault(front: Front) -> None:
    wrong = {**front.variables, "AUTH_RFC7662_CLIENT_SECRET": "another-secret-9Kq2LxVb7"}

    ended = run(wrong, "check", "--online")

    assert "check URL, CLIENT_ID, CLIENT_SECRET and CLIENT_AUTH" in ended.stdout
