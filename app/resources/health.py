"""Probes: whether the process lives, is ready, and which version it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    import falcon.asgi


class Live:
    """`/livez`: the process answers. It depends on nothing outside."""

    methods = ("GET", "HEAD")

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Answer 200."""
        resp.content_type = "application/json"
        resp.media = {"status": "ok"}

    on_head = on_get


class Ready:
    """`/readyz` and `/healthz`: whether sign-ons can be answered, and if not, what is missing.

    `not_ready` returns the names of the authenticators that cannot decide now.
    """

    methods = ("GET", "HEAD")

    def __init__(self, not_ready: Callable[[], list[str]], is_draining: Callable[[], bool]) -> None:
        self._not_ready = not_ready
        self._is_draining = is_draining

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Answer 200 or 503."""
        resp.content_type = "application/json"
        resp.media = {"status": "ready"}
        if self._is_draining():
            resp.status = 503
            resp.media = {"status": "not ready", "draining": True}
        elif authenticators := self._not_ready():
            resp.status = 503
            resp.media = {"status": "not ready", "authenticators": authenticators}

    on_head = on_get


class Version:
    """`/version`: what is running."""

    methods = ("GET", "HEAD")

    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Answer name and version."""
        resp.content_type = "application/json"
        resp.media = {"name": "marketplace-sso", "version": __version__}

    on_head = on_get
