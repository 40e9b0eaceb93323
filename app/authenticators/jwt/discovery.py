"""OpenID Connect Discovery 1.0: where a provider says its keys are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.authenticators.jwt.key_server import FetchFailed
from app.settings.addresses import checked
from app.tokens.strict_json import InvalidJson, strict_json

if TYPE_CHECKING:
    from app.authenticators.jwt.key_server import KeyServer

_MAX_MEMBERS: Final = 256


async def discovered(
    server: KeyServer, address: str, *, issuer: str, http_allowed: bool = False
) -> bytes:
    """Give the key set of an OpenID provider (OpenID Connect Discovery 1.0, section 4).

    Raises:
        FetchFailed: one of the two documents does not come, or the first is another issuer's.
    """
    try:
        document = strict_json(await server.get(address), max_members=_MAX_MEMBERS)
    except InvalidJson:
        raise FetchFailed("the discovery document is no JSON object") from None
    if document.get("issuer") != issuer:
        raise FetchFailed("the discovery document is another issuer's")
    try:
        jwks_uri = checked(str(document.get("jwks_uri")), http_allowed=http_allowed)
    except ValueError as error:
        raise FetchFailed(f"the discovery document's jwks_uri {error}") from None
    return await server.get(jwks_uri)
