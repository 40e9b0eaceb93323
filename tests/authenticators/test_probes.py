"""What authenticators for signed tokens say to `check --online`."""

from typing import Any

import pytest

from app.authenticators.contract import ProbeResult
from app.authenticators.jwt.key_server import KeyServer
from app.authenticators.jwt.keys_by_id import KeyDocuments
from app.testing import FakeIdentityProvider
from tests.in_process import Load
from tests.samples import PANDIUM

JWT = {
    "SSO_AUTHENTICATORS": "jwt",
    "AUTH_JWT_HEADER": "X-Token",
    "AUTH_JWT_ISSUER": "https://login.acme.example",
    "AUTH_JWT_AUDIENCE": "marketplace",
}


async def probed(load: Load, **keys: str) -> ProbeResult:
    authenticator: Any = load(PANDIUM, JWT, **keys).authenticators["jwt"]
    (result,) = await authenticator.probe()
    assert isinstance(result, ProbeResult)
    return result


async def test_keys_that_can_be_fetched_are_fine(load: Load) -> None:
    with FakeIdentityProvider() as provider:
        keys = {"AUTH_JWT_JWKS_URL": provider.jwks_url, "AUTH_JWT_ALGORITHMS": "ES256"}

        assert (await probed(load, **keys)).ok


@pytest.mark.parametrize("behaviour", ["down", "redirect", "html"])
async def test_keys_that_cannot_be_fetched_come_with_a_remedy(load: Load, behaviour: str) -> None:
    with FakeIdentityProvider() as provider:
        provider.behaviour = behaviour
        keys = {"AUTH_JWT_JWKS_URL": provider.jwks_url, "AUTH_JWT_ALGORITHMS": "ES256"}

        assert "JWKS_URL" in ((await probed(load, **keys)).remedy or "")


async def test_keys_of_the_configuration_are_there(load: Load) -> None:
    secret = "9fK2mQ7xV4tB8nL1cR6wZ3yH5jD0sGpA"

    assert (await probed(load, AUTH_JWT_SECRET=secret, AUTH_JWT_ALGORITHMS="HS256")).ok


@pytest.mark.parametrize(("behaviour", "ok"), [("missing", True), ("down", False), ("ok", False)])
async def test_where_each_key_is_a_document_a_no_is_an_answer(behaviour: str, ok: bool) -> None:
    with FakeIdentityProvider() as provider:
        provider.behaviour = behaviour
        keys = KeyDocuments(KeyServer(timeout_seconds=1), provider.origin)

        (result,) = await keys.probe()

    assert result.ok == ok
    assert result.what == provider.origin
