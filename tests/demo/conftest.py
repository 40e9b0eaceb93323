"""The parts of the demo, served on free ports, and a client that follows nothing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web

from app.demo.host import Host
from app.demo.loopback import listen, port_of, serving
from app.demo.marketplace import Marketplace
from app.demo.proxying import client
from app.demo.timeline import Timeline

PANDIUM_KEY = b"p" * 43
APIFUSE_KEY = b"a" * 43
NOW = 1_800_000_000


@dataclass
class Recorder:
    """A service that says what it was asked and answers what it is told."""

    asked: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answer: Callable[[web.Request], web.Response] = lambda _: web.Response()

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.read())
        return self.answer(request)


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with client() as session:
        yield session


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def service(recorder: Recorder) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", recorder.handle)
    listener = listen(0)
    async with serving(application, listener):
        yield f"http://127.0.0.1:{port_of(listener)}"


@pytest.fixture
def timeline() -> Timeline:
    return Timeline()


@pytest.fixture
async def host(service: str, http: ClientSession, timeline: Timeline) -> AsyncIterator[str]:
    listener = listen(0)
    origin = f"http://localhost:{port_of(listener)}"
    application = Host(
        origin,
        service=service,
        marketplace="http://127.0.0.1:8090",
        foreign="http://127.0.0.1:9",
        client=http,
        timeline=timeline,
    ).application()
    async with serving(application, listener):
        yield origin


@pytest.fixture
async def marketplace(timeline: Timeline) -> AsyncIterator[str]:
    listener = listen(0)
    origin = f"http://127.0.0.1:{port_of(listener)}"
    keys = {"Pandium": PANDIUM_KEY, "APIFuse": APIFUSE_KEY}
    application = Marketplace(
        origin, host="http://localhost:8080", keys=keys, timeline=timeline, now=lambda: NOW
    ).application()
    async with serving(application, listener):
        yield origin
