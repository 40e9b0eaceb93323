"""Fetch metadata: who asks (a page, a frame, a script), and from whose page."""

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
"""The request headers that an answer depends on: the value of `Vary`; pages add the language."""

_SHOWN_IN: Final = frozenset({None, b"document", b"empty", b"iframe", b"frame", b"fencedframe"})
"""`Sec-Fetch-Dest` values that may sign on: pages, frames, and `fetch` in scripts."""

_NEAR: Final = frozenset({b"same-origin", b"same-site", b"none"})
"""`Sec-Fetch-Site` values of our own site's pages, and of addresses the user typed."""

_ORIGIN_TOLD: Final = frozenset(name.strip().lower().encode() for name in READ.split(",")[1:])
"""The headers that say where a request comes from: all of `READ` but `Accept`."""


class Asker(Enum):
    """Who reads the answer."""

    PAGE = "page"
    FRAME = "frame"
    SCRIPT = "script"


def asker(req: falcon.asgi.Request) -> Asker:
    """Return who asks, by fetch metadata, or by `Accept` where a browser sends none."""
    mode = req.get_header("Sec-Fetch-Mode")
    if wants_json(req) or mode not in {"navigate", None}:
        return Asker.SCRIPT
    if mode is None:
        return Asker.PAGE if "text/html" in req.accept else Asker.SCRIPT
    shown_in = req.get_header("Sec-Fetch-Dest")
    if shown_in in FRAMES:
        return Asker.FRAME
    return Asker.PAGE if shown_in == "document" else Asker.SCRIPT


def wants_json(req: falcon.asgi.Request) -> bool:
    """Whether JSON is accepted, and HTML is not."""
    return "application/json" in req.accept and "text/html" not in req.accept


def refuse_foreign(req: falcon.asgi.Request, welcome: frozenset[bytes]) -> None:
    """Refuse requests the user did not intend: another site's frame or script, a prefetch.

    `welcome` are the origins that may ask from another site. A top-level link is fine anywhere.

    Raises:
        ForeignRequest: it is one of these, or one of the headers is repeated.
    """
    received = [item for item in req.scope["headers"] if item[0] in _ORIGIN_TOLD]
    told = dict(received)
    if len(told) != len(received):
        raise ForeignRequest("a fetch metadata header is repeated")
    if b"prefetch" in told.get(b"sec-purpose", b"") or b"prefetch" in told.get(b"purpose", b""):
        raise ForeignRequest("a prefetch")
    shown_in = told.get(b"sec-fetch-dest")
    if shown_in not in _SHOWN_IN:
        raise ForeignRequest("requested as an image, script, style or object")
    origin = told.get(b"origin")
    if origin == b"null":
        raise ForeignRequest("from a page without an origin")
    site = told.get(b"sec-fetch-site")
    if site in _NEAR:
        return
    if shown_in == b"document" and told.get(b"sec-fetch-mode") == b"navigate":
        return  # a link
    if origin is None:
        origin = _origin_of(told.get(b"referer"))
    if not (origin in welcome if origin is not None else site is None):
        raise ForeignRequest("from another site's page")


def _origin_of(referer: bytes | None) -> bytes | None:
    return None if referer is None else b"/".join(referer.split(b"/", 3)[:3])
