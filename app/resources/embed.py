"""`GET …/embed.js`: the custom element `<marketplace-embed>`, the same for every vendor."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from falcon.asgi import Request, Response

_SCRIPT: Final = files("app.resources.pages").joinpath("embed.js").read_bytes()
_ETAG: Final = f'"{hashlib.sha256(_SCRIPT).hexdigest()[:32]}"'


class Embed:
    """Answers the script; module scripts of the host's origins may load it."""

    cross_origin = True
    methods = ("GET", "HEAD")
    response_headers = (
        ("Cache-Control", "public, max-age=3600"),
        ("ETag", _ETAG),
        ("Referrer-Policy", "no-referrer"),
        ("Vary", "Origin"),
        ("X-Content-Type-Options", "nosniff"),
    )

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer the script, or 304 where the browser's copy is current."""
        if _is_current(req.get_header("If-None-Match") or ""):
            resp.status = 304
        else:
            resp.content_type = "text/javascript; charset=utf-8"
            resp.data = _SCRIPT

    on_head = on_get


def _is_current(known_tags: str) -> bool:
    """Compare weakly (RFC 9110, section 13.1.2): proxies that compress weaken the tag."""
    return _ETAG in {each.strip().removeprefix("W/") for each in known_tags.split(",")}
