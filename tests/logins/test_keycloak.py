"""Keycloak's access tokens, verified by themselves (`oidc`) and asked about (`rfc7662`)."""

from __future__ import annotations

import time

import pytest

from tests.system.service import run

from .keycloak_front import Front, is_zoe
from .needed import needs
from .tokens import allowed, claims, code, forged, user

pytestmark = [needs("keycloak"), pytest.mark.timeout(300)]

SIGNED = pytest.mark.login("Keycloak, oidc")
ASKED = pytest.mark.login("Keycloak, rfc7662")
SHOWN = ("sign-in", "307", "groups", "non-ASCII names", "bearer")


@SIGNED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_who_signs_in_with_the_code_flow_signs_on_with_the_access_token(keycloak: Front) -> None:
    token = keycloak.tokens("app")["access_token"]

    assert claims(token)["aud"] == ["marketplace", "account"]
    assert is_zoe(user(keycloak.signed, token))


@ASKED
@pytest.mark.shows(*SHOWN)
@pytest.mark.requirement("R70")
def test_keycloak_is_asked_whose_access_token_it_is(keycloak: Front) -> None:
    assert is_zoe(user(keycloak.asked, keycloak.tokens("app")["access_token"]))


@SIGNED
@pytest.mark.shows("groups")
def test_groups_in_the_token_decide(keycloak: Front) -> None:
    tokens = [keycloak.tokens("app", name)["access_token"] for name in ("zoe", "bob")]

    assert [allowed(keycloak.signed, token) for token in tokens] == [307, 403]


@ASKED
@pytest.mark.shows("groups")
def test_groups_in_the_answer_decide(keycloak: Front) -> None:
    tokens = [keycloak.tokens("app", name)["access_token"] for name in ("zoe", "bob")]

    assert [allowed(keycloak.asked, token) for token in tokens] == [307, 403]


def test_both_know_the_user_by_the_same_id(keycloak: Front) -> None:
    token = keycloak.tokens("app")["access_token"]

    ids = {user(service, token)["external_id"] for service in keycloak.services()}

    assert ids == {claims(token)["sub"]}


@SIGNED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_us(keycloak: Front) -> None:
    assert (
        code(keycloak.signed, forged(keycloak.tokens("app")["access_token"])) == "invalid_session"
    )


@ASKED
@pytest.mark.shows("forged refused")
def test_a_forged_token_is_refused_by_keycloak(keycloak: Front) -> None:
    token = forged(keycloak.tokens("app")["access_token"], name="Mallory")

    assert code(keycloak.asked, token) == "invalid_session"
    assert code(keycloak.asked, "made-up") == "invalid_session"


@pytest.mark.requirement("R57")
def test_a_token_of_a_client_without_the_audience_mapper_is_refused(keycloak: Front) -> None:
    token = keycloak.tokens("other")["access_token"]

    assert claims(token)["aud"] == "account"
    assert [code(each, token) for each in keycloak.services()] == ["invalid_session"] * 2


@pytest.mark.requirement("R57")
def test_neither_an_id_token_nor_a_refresh_token_nor_a_clients_own_signs_on(
    keycloak: Front,
) -> None:
    tokens = keycloak.tokens("app")

    for token in (tokens["id_token"], tokens["refresh_token"], keycloak.server.robots_token()):
        assert [code(each, token) for each in keycloak.services()] == ["invalid_session"] * 2


@SIGNED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_us(keycloak: Front) -> None:
    token = keycloak.tokens("brief")["access_token"]
    assert user(keycloak.signed, token)["sub"] == "zoe@acme.example"

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert code(keycloak.signed, token) == "invalid_session"


@ASKED
@pytest.mark.shows("session end")
def test_a_token_that_has_ended_is_refused_by_keycloak(keycloak: Front) -> None:
    token = keycloak.tokens("brief")["access_token"]
    assert user(keycloak.asked, token)["sub"] == "zoe@acme.example"

    time.sleep(max(0, claims(token)["exp"] - time.time()) + 0.1)

    assert code(keycloak.asked, token) == "invalid_session"


@ASKED
@pytest.mark.shows("sign-out")
@pytest.mark.requirement("R27")
def test_a_sign_out_counts_at_once_where_keycloak_is_asked(keycloak: Front) -> None:
    tokens = keycloak.tokens("app")
    application = keycloak.server.application("app")
    assert is_zoe(user(keycloak.asked, tokens["access_token"]))

    application.ask("end_session", {"refresh_token": tokens["refresh_token"]})

    assert code(keycloak.asked, tokens["access_token"]) == "invalid_session"
    assert is_zoe(user(keycloak.signed, tokens["access_token"])), "the token itself lives on"


def test_a_revoked_token_is_refused_where_keycloak_is_asked(keycloak: Front) -> None:
    token = keycloak.tokens("app")["access_token"]

    keycloak.server.application("app").ask("revocation", {"token": token})

    assert code(keycloak.asked, token) == "invalid_session"


def test_the_service_passes_its_own_check(keycloak: Front) -> None:
    ended = run(keycloak.variables, "check", "--online")

    assert "token/introspect: does not know a token that nobody has" in ended.stdout


def test_a_wrong_secret_of_the_service_is_no_users_fault(keycloak: Front) -> None:
    wrong = {**keycloak.variables, "AUTH_RFC7662_CLIENT_SECRET": "another-secret-9Kq2LxVb7"}

    ended = run(wrong, "check", "--online")

    assert "check URL, CLIENT_ID, CLIENT_SECRET and CLIENT_AUTH" in ended.stdout
