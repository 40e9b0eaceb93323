"""A redirect, as every part of the service sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import falcon.asgi


def redirect(resp: falcon.asgi.Response, location: str, *, status: int = 307) -> None:
    """Send the browser on, with an empty body."""
    resp.status = status
    resp.set_header("Location", location)  # resp.location would encode a second time
    resp.data = b""
