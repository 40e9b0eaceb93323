"""Who asks: a person's top-level page, a frame in one, or a script."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from app.errors import ForeignRequest

if TYPE_CHECKING:
    import falcon.asgi

FRAMES: Final = frozenset({"iframe", "frame", "embed", "object", "fencedframe"})
"""`Sec-Fetch-Dest` of what shows a page inside another (W3C Fetch Metadata, section 2.1)."""

READ: Final = "Accept, Origin, Sec-Fetch-Dest, Sec-Fetch-Mode, Sec-Fetch-Site, Sec-Purpose"
"""What an answer depends on besides the session: the value of `Vary`."""


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


def refuse_prefetch(req: falcon.asgi.Request) -> None:
    """Refuse what the browser fetches before the user asks for it.

    Raises:
        ForeignRequest: nobody has asked for this yet.
    """
    if "prefetch" in f"{req.get_header('Sec-Purpose')} {req.get_header('Purpose')}":
        raise ForeignRequest("a prefetch")
