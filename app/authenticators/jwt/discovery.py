"""Find the keys of an OpenID provider (OpenID Connect Discovery 1.0)."""

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
    """Return the key set of an OpenID provider (OpenID Connect Discovery 1.0, section 4).

    Raises:
        FetchFailed: a document does not come, or the discovery document has another issuer.
    """
    try:
        document = strict_json(await server.get(address), max_members=_MAX_MEMBERS)
    except InvalidJson:
        raise FetchFailed("the discovery document is not a JSON object") from None
    if document.get("issuer") != issuer:
        raise FetchFailed("the discovery document is another issuer's")
    try:
        jwks_uri = checked(str(document.get("jwks_uri")), http_allowed=http_allowed)
    except ValueError as error:
        raise FetchFailed(f"the discovery document's jwks_uri {error}") from None
    return await server.get(jwks_uri)
