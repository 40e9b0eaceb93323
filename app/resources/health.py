"""Whether the process lives, is ready, and which version it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import __version__, draining

if TYPE_CHECKING:
    import falcon.asgi


class Live:
    """`/livez`: the process answers. It touches nothing outside."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say that the process answers."""
        resp.content_type = "application/json"
        resp.media = {"status": "ok"}


class Ready:
    """`/readyz` and `/healthz`: whether sign-ons can be answered, and if not, what is missing."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say whether sign-ons can be answered."""
        resp.content_type = "application/json"
        resp.media = {"status": "ready"}
        if draining.is_under_way():
            resp.status = 503
            resp.media = {"status": "not ready", "draining": True}


class Version:
    """`/version`: what is running."""

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say what is running."""
        resp.content_type = "application/json"
        resp.media = {"name": "marketplace-sso", "version": __version__}
