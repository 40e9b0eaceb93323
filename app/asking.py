"""Who asks: a person's top-level page, a frame in one, or a script; and from whose page."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from app.errors import ForeignRequest

if TYPE_CHECKING:
    import falcon.asgi

FRAMES: Final = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
"""`Sec-Fetch-Dest` of what shows a page inside another (W3C Fetch Metadata, section 2.1)."""

READ: Final = (
    "Accept, Origin, Purpose, Referer, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site, Sec-Purpose"
)
"""What an answer depends on besides the session: the value of `Vary`."""

_SHOWN_IN: Final = frozenset({None, "document", "empty", "iframe", "frame", "fencedframe"})
"""`Sec-Fetch-Dest` of what may be signed on: pages, frames, and scripts that fetch."""

_NEAR: Final = frozenset({"same-origin", "same-site", "none"})
"""`Sec-Fetch-Site` of our own site's pages, and of addresses that the user typed."""


class Asker(Enum):
    """Who is to understand the answer."""

    PAGE = "page"
    FRAME = "frame"
    SCRIPT = "script"


def asker(req: falcon.asgi.Request) -> Asker:
    """Tell by fetch metadata who asks, and by `Accept` where a browser sends none."""
    mode = req.get_header("Sec-Fetch-Mode")
    if wants_json(req) or mode not in {"navigate", None}:
        return Asker.SCRIPT
    if mode is None:
        return Asker.PAGE if "text/html" in req.accept else Asker.SCRIPT
    shown_in = req.get_header("Sec-Fetch-Dest")
    if shown_in in FRAMES:
        return Asker.FRAME
    return Asker.PAGE if shown_in == "document" else Asker.SCRIPT


def peer_address(req: falcon.asgi.Request) -> str | None:
    """Give the address of the connection's other end; `None` for a unix socket.

    Falcon's own attributes believe what headers say of it.
    """
    client = req.scope.get("client")
    address: str | None = client[0] if client else None
    return address


def wants_json(req: falcon.asgi.Request) -> bool:
    """Tell whether JSON is asked for, and no page."""
    return "application/json" in req.accept and "text/html" not in req.accept


def refuse_foreign(req: falcon.asgi.Request, welcome: frozenset[str]) -> None:
    """Refuse what the user did not ask for: another site's frame or script, an image, a prefetch.

    `welcome` are the origins that may ask from another site. A top-level link may stand anywhere.

    Raises:
        ForeignRequest: it is one of these.
    """
    if "prefetch" in f"{req.get_header('Sec-Purpose')} {req.get_header('Purpose')}":
        raise ForeignRequest("a prefetch")
    shown_in = req.get_header("Sec-Fetch-Dest")
    if shown_in not in _SHOWN_IN:
        raise ForeignRequest("asked for as something else than a page or by a script")
    origin = req.get_header("Origin")
    if origin == "null":
        raise ForeignRequest("from a page without an origin")
    site = req.get_header("Sec-Fetch-Site")
    if site in _NEAR or origin in welcome or _is_link(req, shown_in):
        return
    if origin is None:
        origin = _referring_origin(req)
        if origin in welcome or (origin is None and site is None):
            return
    raise ForeignRequest("from another site's page")


def _is_link(req: falcon.asgi.Request, shown_in: str | None) -> bool:
    return shown_in == "document" and req.get_header("Sec-Fetch-Mode") == "navigate"


def _referring_origin(req: falcon.asgi.Request) -> str | None:
    referer = req.get_header("Referer")
    return None if referer is None else "/".join(referer.split("/", 3)[:3])
