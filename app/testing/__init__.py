"""The kit for authors of authenticators: requests, an identity provider, and attacks.

async def test_my_authenticator_holds() -> None:
    with FakeIdentityProvider() as provider:
        authenticator = MyAuthenticator(provider.jwks_url)
        await check_authenticator(
            authenticator, [("Authorization", f"Bearer {provider.sign()}")]
        )
"""

from app.testing.attacks import attacks_on_token, attacks_on_value
from app.testing.contract import check_authenticator
from app.testing.identity_provider import FakeIdentityProvider
from app.testing.issuer_keys import IssuerKey
from app.testing.requests import context_for, make_request

__all__ = [
    "FakeIdentityProvider",
    "IssuerKey",
    "attacks_on_token",
    "attacks_on_value",
    "check_authenticator",
    "context_for",
    "make_request",
]
