"""What Keycloak can leave out of its tokens, or add to them."""

from __future__ import annotations

import time

import pytest

from app.authenticators.jwt.fetched_keys import COOLDOWN_SECONDS
from app.testing import IssuerKey

from .keycloak_front import Front, is_zoe
from .needed import needs
from .tokens import claims, code, header, user

pytestmark = [needs("keycloak"), pytest.mark.timeout(300)]

NEW_KEY = {
    "name": "new",
    "providerId": "rsa-generated",
    "providerType": "org.keycloak.keys.KeyProvider",
    "config": {"priority": ["200"], "keySize": ["2048"]},
}


def test_a_lightweight_token_says_nothing_by_itself_and_everything_when_asked(
    keycloak: Front,
) -> None:
    token = keycloak.tokens("light")["access_token"]

    assert not claims(token).keys() & {"sub", "aud", "name", "groups"}
    assert code(keycloak.signed, token) == "invalid_session"
    assert is_zoe(user(keycloak.asked, token))


def test_without_the_scope_basic_there_is_no_subject_and_so_no_session(keycloak: Front) -> None:
    token = keycloak.tokens("bare")["access_token"]

    assert "sub" not in claims(token)
    assert [code(each, token) for each in keycloak.services()] == ["invalid_session"] * 2


@pytest.mark.requirement("R61")
def test_an_address_that_keycloak_has_not_verified_is_no_address(keycloak: Front) -> None:
    token = keycloak.tokens("app", "ivan")["access_token"]

    assert claims(token)["email"] == "ivan@acme.example"
    assert [code(each, token) for each in keycloak.services()] == ["missing_claim"] * 2


@pytest.mark.requirement("R57")
def test_a_token_that_is_bound_to_a_key_is_no_bearer_token(keycloak: Front) -> None:
    token = keycloak.tokens("bound", key=IssuerKey("ES256"))["access_token"]

    assert "jkt" in claims(token)["cnf"]
    assert [code(each, token) for each in keycloak.services()] == ["invalid_session"] * 2
    assert "the token is bound to a key" in keycloak.signed.stdout
    assert "its token_type is 'DPoP'" in keycloak.asked.stdout


@pytest.mark.requirement("R17")
def test_a_new_key_of_keycloak_is_taken_within_half_a_minute(keycloak: Front) -> None:
    old = keycloak.tokens("app")["access_token"]
    keycloak.server.make(NEW_KEY, "/acme/components")
    new = keycloak.tokens("app")["access_token"]
    assert header(old)["kid"] != header(new)["kid"]

    ends = time.monotonic() + COOLDOWN_SECONDS + 2
    while keycloak.signed.get("/pandium-sso", f"Authorization: Bearer {new}").status != 307:
        assert time.monotonic() < ends
        assert is_zoe(user(keycloak.signed, old))
        time.sleep(0.5)

    assert is_zoe(user(keycloak.signed, new))
    assert is_zoe(user(keycloak.signed, old)), "Keycloak still publishes the key of the old one"
