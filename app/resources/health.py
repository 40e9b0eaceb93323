"""Whether the process lives, is ready, and which version it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import __version__
from app.server import draining

if TYPE_CHECKING:
    from collections.abc import Callable

    import falcon.asgi


class Live:
    """`/livez`: the process answers. It touches nothing outside."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say that the process answers."""
        resp.content_type = "application/json"
        resp.media = {"status": "ok"}


class Ready:
    """`/readyz` and `/healthz`: whether sign-ons can be answered, and if not, what is missing.

    `missing` gives the names of the authenticators that cannot decide now.
    """

    def __init__(self, missing: Callable[[], list[str]]) -> None:
        self._missing = missing

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say whether sign-ons can be answered."""
        resp.content_type = "application/json"
        resp.media = {"status": "ready"}
        if draining.is_under_way():
            resp.status = 503
            resp.media = {"status": "not ready", "draining": True}
        elif missing := self._missing():
            resp.status = 503
            resp.media = {"status": "not ready", "authenticators": missing}


class Version:
    """`/version`: what is running."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say what is running."""
        resp.content_type = "application/json"
        resp.media = {"name": "marketplace-sso", "version": __version__}
