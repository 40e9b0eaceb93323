"""Google accounts and external identities, as Identity-Aware Proxy tells them apart."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import InvalidCredential
from app.identity import Identity
from app.testing import IssuerKey, make_request
from tests.in_process import Load
from tests.samples import PANDIUM

KEY = IssuerKey("ES256", "key-1")
AUDIENCE = "/projects/1/apps/acme"
PREFIX = "securetoken.google.com/acme/tenant-7:"
USER = {"iss": "https://cloud.google.com/iap", "aud": AUDIENCE, "sub": f"{PREFIX}u-17"}


class Iap:
    """The preset, with a key of ours."""

    def __init__(self, load: Load, folder: Path, **variables: str) -> None:
        path = folder / "keys.json"
        path.write_text(json.dumps({"keys": [KEY.jwk()]}))
        given = {f"AUTH_GOOGLE_IAP_{name}": value for name, value in variables.items()}
        config = load(
            PANDIUM,
            given,
            SSO_AUTHENTICATORS="google-iap",
            AUTH_GOOGLE_IAP_AUDIENCE=AUDIENCE,
            AUTH_GOOGLE_IAP_JWKS_FILE=str(path),
        )
        self._authenticate: Any = config.authenticators["google-iap"]

    async def identity(self, **claims: Any) -> Identity:
        token = KEY.sign({**USER, "exp": 4_000_000_000, **claims})
        request = make_request([("X-Goog-IAP-JWT-Assertion", token)])
        found: Identity = await self._authenticate(request)
        return found


@pytest.fixture
def iap(load: Load, tmp_path: Path) -> Iap:
    return Iap(load, tmp_path)


@pytest.mark.requirement("R61")
@pytest.mark.parametrize(
    ("gcip", "email"),
    [
        ({"email": "ada@acme.example", "email_verified": True}, "ada@acme.example"),
        ({"email": "ada@acme.example", "email_verified": "true"}, "ada@acme.example"),
        ({"email": "ada@acme.example", "email_verified": False}, None),
        ({"email": "ada@acme.example", "email_verified": None}, None),
        ({"email": "ada@acme.example"}, None),
        ({"phone_number": "+491701234567"}, None),
        ({"email_verified": True}, None),
        ({}, None),
    ],
)
async def test_an_external_address_counts_only_if_it_was_checked(
    iap: Iap, gcip: dict[str, Any], email: str | None
) -> None:
    found = await iap.identity(gcip=gcip, email=f"{PREFIX}ada@acme.example")

    assert (found.subject, found.email) == (f"{PREFIX}u-17", email)
    assert found.claims.get("email") == email


async def test_an_external_address_can_be_allowed(load: Load, tmp_path: Path) -> None:
    allowing = Iap(load, tmp_path, ALLOW_UNVERIFIED_EMAIL="true")

    found = await allowing.identity(gcip={"email": "ada@acme.example"}, email=f"{PREFIX}x@y.z")

    assert (found.email, found.email_verified) == ("ada@acme.example", False)


@pytest.mark.parametrize("email", ["ada@acme.example", "accounts.google.com:ada@acme.example"])
async def test_the_address_of_a_google_account_is_googles_own(iap: Iap, email: str) -> None:
    found = await iap.identity(sub="accounts.google.com:118", email=email, hd="acme.example")

    assert (found.email, found.org_id) == ("ada@acme.example", "acme.example")


@pytest.mark.parametrize("gcip", [None, [], "x", 1, True])
async def test_an_external_identity_that_is_no_object_is_refused(iap: Iap, gcip: object) -> None:
    with pytest.raises(InvalidCredential, match="gcip"):
        await iap.identity(gcip=gcip)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=4,
)
READ = ["sub", "email", "email_verified", "name", "groups", "hd", "iss", "aud", "exp", "nbf", "azp"]


@pytest.mark.requirement("R14", "R61")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(
    claims=st.dictionaries(st.sampled_from([*READ, "cnf", "gty", "client_id"]), ANYTHING),
    gcip=st.dictionaries(st.sampled_from(["email", "email_verified", "firebase"]), ANYTHING),
    external=st.booleans(),
)
async def test_whatever_a_token_says_it_is_an_identity_or_refused(
    iap: Iap, claims: dict[str, Any], gcip: dict[str, Any], external: bool
) -> None:
    with contextlib.suppress(InvalidCredential):
        found = await iap.identity(**claims, **({"gcip": gcip} if external else {}))
        assert not external or found.email is None or found.email_verified is True
