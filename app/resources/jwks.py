"""Key sets: the public keys of destinations that sign asymmetrically, of all and of each vendor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.request import Request


class Jwks:
    """The key set of some destinations (RFC 7517, section 5), each key once.

    Vendors may keep it for five minutes.
    """

    methods = ("GET", "HEAD")
    response_headers = (
        ("Cache-Control", "public, max-age=300"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
    )

    def __init__(self, destinations: Iterable[Destination]) -> None:
        keys: list[dict[str, str]] = []
        for each in destinations:
            keys += (dict(jwk) for jwk in each.public_jwks if jwk not in keys)
        self._text = json.dumps({"keys": keys})

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Answer the key set."""
        resp.content_type = "application/jwk-set+json"
        resp.text = self._text

    on_head = on_get
