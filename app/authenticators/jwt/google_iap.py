"""The claims of Google's Identity-Aware Proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from app.tokens.jws import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.tokens.jws import UnverifiedToken

ISSUER: Final = "https://cloud.google.com/iap"

_GOOGLE_ACCOUNT: Final = "accounts.google.com:"


def claims_of(token: UnverifiedToken) -> Mapping[str, Any]:
    """Return the claims, with the address that an external identity really has.

    Google verifies the addresses of its own accounts. That of an external identity (Identity
    Platform) is whatever the user has typed: `email` is then that of `gcip` with a prefix in
    front, and only `gcip.email_verified` says whether it was checked. Google Cloud, "Authenticate
    users with external identities".
    """
    claims = dict(token.claims)
    if "gcip" not in claims:
        if isinstance(email := claims.get("email"), str):
            claims["email"] = email.removeprefix(_GOOGLE_ACCOUNT)
        return claims
    external = claims["gcip"]
    if not isinstance(external, dict):
        raise InvalidToken("its gcip is not an object")
    verified = external.get("email_verified")
    return {
        **claims,
        "email": external.get("email"),
        "email_verified": False if verified is None else verified,
    }
