"""A host application that takes its time, and many users at once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from tests.system import vendor
from tests.system.acme import PANDIUM, PANDIUM_SECRET
from tests.system.service import Service, free_port, request, serving

USERS = 500
ANSWER_SECONDS = 0.2


@dataclass
class Host:
    """Says who somebody is by the number in the session cookie; the odd one waits for ever."""

    url: str = ""
    now: int = 0
    most_at_once: int = 0
    asked: int = 0
    fifty_are_waiting: asyncio.Event = field(default_factory=asyncio.Event)
    signed_out: set[str] = field(default_factory=set)
    switched: dict[str, str] = field(default_factory=dict)

    async def me(self, asked: web.Request) -> web.Response:
        session = asked.cookies["sessionid"]
        self.asked += 1
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        if self.now == 50:
            self.fifty_are_waiting.set()
        try:
            await asyncio.sleep(3600 if session == "hang" else ANSWER_SECONDS)
        finally:
            self.now -= 1
        if session in self.signed_out:
            return web.json_response({"error": "signed out"}, status=401)
        user = self.switched.get(session, f"u-{session}")
        return web.json_response({"id": user, "email": f"{user}@acme.example"})


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Host]:
    host = Host()
    app = web.Application()
    app.router.add_get("/api/me", host.me)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    host.url = f"http://127.0.0.1:{port}/api/me"
    try:
        yield host
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def behind(host: Host, folder: Path) -> AsyncIterator[Service]:
    environment = {
        **PANDIUM,
        "SSO_AUTHENTICATORS": "introspection",
        "AUTH_INTROSPECTION_URL": host.url,
        "AUTH_INTROSPECTION_FORWARD_COOKIES": "sessionid",
    }
    context = serving(environment, folder)
    service = await asyncio.to_thread(context.__enter__)
    try:
        yield service
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


async def get(service: Service, session: str) -> tuple[int, str]:
    """Return the status, and the address of a redirect."""
    name, _, port = service.bind.rpartition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    try:
        fields = (f"Cookie: sessionid={session}", "Connection: close", "Accept: */*")
        writer.write(request("/pandium-sso", *fields))
        head = (await reader.read()).partition(b"\r\n\r\n")[0].decode().split("\r\n")
    finally:
        writer.close()
    locations = [line.partition(": ")[2] for line in head if line.lower().startswith("location:")]
    return int(head[0].split()[1]), "".join(locations)


async def user(service: Service, session: str) -> str:
    status, location = await get(service, session)
    assert status == 307
    arrival = vendor.arrive(location, key=PANDIUM_SECRET, parameter="tenant")
    return str(arrival.claims["external_id"])


async def test_500_sign_ons_wait_for_a_slow_host_side_by_side(tmp_path: Path) -> None:
    async with running() as host, behind(host, tmp_path) as service:
        began = time.monotonic()
        users = await asyncio.gather(*(user(service, str(number)) for number in range(USERS)))
        seconds = time.monotonic() - began

    assert users == [f"u-{number}" for number in range(USERS)]
    assert host.asked == USERS
    assert 50 <= host.most_at_once <= 100
    assert seconds < USERS * ANSWER_SECONDS / 5


@pytest.mark.requirement("R27")
async def test_a_switch_of_users_or_a_sign_out_counts_at_once(tmp_path: Path) -> None:
    async with running() as host, behind(host, tmp_path) as service:
        assert await user(service, "1") == "u-1"
        host.switched["1"] = "u-2"
        assert await user(service, "1") == "u-2"
        host.signed_out.add("1")

        assert await get(service, "1") == (401, "")


@pytest.mark.requirement("R26")
async def test_two_sessions_in_one_request_are_no_session(tmp_path: Path) -> None:
    async with running() as host, behind(host, tmp_path) as service:
        assert await get(service, "1; sessionid=2") == (401, "")

    assert host.asked == 0


@pytest.mark.requirement("R28")
async def test_a_host_that_hangs_does_not_delay_others(tmp_path: Path) -> None:
    async with running() as host, behind(host, tmp_path) as service:
        hanging = [asyncio.create_task(get(service, "hang")) for _ in range(50)]
        await host.fifty_are_waiting.wait()

        assert await user(service, "1") == "u-1"
        assert not any(task.done() for task in hanging)
        assert await asyncio.gather(*hanging) == [(503, "")] * len(hanging)
        assert await user(service, "2") == "u-2"
