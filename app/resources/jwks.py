"""`/.well-known/jwks.json`: the public keys of destinations that sign asymmetrically."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.request import Request


class Jwks:
    """The key set of all destinations (RFC 7517, section 5), each key once."""

    def __init__(self, destinations: Iterable[Destination]) -> None:
        keys = {jwk["kid"]: dict(jwk) for each in destinations for jwk in each.public_jwks}
        self._text = json.dumps({"keys": list(keys.values())})

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Answer the key set."""
        resp.content_type = "application/jwk-set+json"
        resp.text = self._text
