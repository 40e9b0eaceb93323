"""`GET …/embed.js`: the custom element `<marketplace-embed>`, the same for every vendor."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.resources.request import Request

_SCRIPT: Final = files("app.resources.pages").joinpath("embed.js").read_bytes()
_ETAG: Final = f'"{hashlib.sha256(_SCRIPT).hexdigest()[:32]}"'

HEADERS: Final = (
    ("Cache-Control", "public, max-age=3600"),
    ("ETag", _ETAG),
    ("Referrer-Policy", "no-referrer"),
    ("Vary", "Origin"),
    ("X-Content-Type-Options", "nosniff"),
)
"""Of the one answer that may be kept: it is everybody's."""


class Embed:
    """The script, for module scripts of the host's origins, too."""

    cross_origin = True

    async def on_get(self, req: Request, resp: Response) -> None:
        """Give it, or say that the one they have is still right."""
        req.context.headers = HEADERS
        if _is_known(req):
            resp.status = 304
        else:
            resp.content_type = "text/javascript; charset=utf-8"
            resp.data = _SCRIPT


def _is_known(req: Request) -> bool:
    """Compare weakly (RFC 9110, section 13.1.2): proxies that compress weaken the tag."""
    known = req.get_header("If-None-Match") or ""
    return _ETAG in {each.strip().removeprefix("W/") for each in known.split(",")}
