"""A host application: a small real server that says what a test wants, and remembers what came."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import falcon.asgi
from aiohttp import web

from app.testing import make_request

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Host:
    """A running host; `answer` may be changed, `asked` is what came."""

    answer: Answer
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/me"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.text())
        return await self.answer(request)


@asynccontextmanager
async def running(answer: Answer) -> AsyncIterator[Host]:
    host = Host(answer)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host.port = runner.addresses[0][1]
    try:
        yield host
    finally:
        await runner.cleanup()


def request(*headers: tuple[str, str | bytes]) -> falcon.asgi.Request:
    """Make a request whose headers are just these."""
    return make_request(headers)
