import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from app.authenticators.contract import ProbeResult
from app.cli import check_online as online
from tests.authenticators.introspection.hosts import Host, running
from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import PANDIUM, PROXY

NOW = 1_800_000_000.0


def telling(now: float | str | None, status: int = 200) -> Any:
    date = formatdate(now, usegmt=True) if isinstance(now, float) else str(now)

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Date": date})

    return answer


@pytest.fixture
async def vendor() -> AsyncIterator[Host]:
    async with running(telling(NOW)) as host:
        yield host


def origin(host: Host) -> str:
    return f"http://127.0.0.1:{host.port}"


async def tried(vendor: Host, **authenticators: Any) -> dict[str, ProbeResult]:
    found = await online.ask_everybody(
        [origin(vendor)], authenticators, clock_skew_seconds=5, now=lambda: NOW
    )
    return {trial.what: trial for trial in found}


@pytest.mark.parametrize(("status", "ok"), [(200, True), (302, True), (404, True), (503, False)])
async def test_a_vendor_that_answers_is_there(vendor: Host, status: int, ok: bool) -> None:
    vendor.answer = telling(NOW, status)

    trial = (await tried(vendor))[f"vendor {origin(vendor)}"]

    assert trial.ok == ok
    assert str(status) in trial.found
    (asked,) = vendor.asked
    assert (asked.method, asked.path, "Cookie" in asked.headers) == ("GET", "/", False)


async def test_a_vendor_that_is_not_there_comes_with_a_remedy() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        vendor, clock = await online.ask_everybody([address], {}, clock_skew_seconds=5)

    assert "ClientConnectorError" in vendor.found
    assert "firewall" in (vendor.remedy or "")
    assert not clock.ok


@pytest.mark.parametrize(
    ("told", "ok"),
    [(NOW, True), (NOW - 7, True), (NOW + 7, True), (NOW - 8, False), (NOW + 8, False)],
)
async def test_the_clock_is_compared_with_the_vendors(vendor: Host, told: float, ok: bool) -> None:
    vendor.answer = telling(told)

    clock = (await tried(vendor))["clock"]

    assert clock.ok == ok
    assert ("ahead" in clock.found) == (told < NOW)
    assert ok or "NTP" in (clock.remedy or "")


@pytest.mark.parametrize("date", ["yesterday", "", "\xff"])
async def test_a_time_that_is_none_is_not_compared(vendor: Host, date: str) -> None:
    vendor.answer = telling(date)

    assert "no answer" in (await tried(vendor))["clock"].found


async def test_an_authenticator_says_what_it_found(vendor: Host) -> None:
    class Asking:
        async def __call__(self, _request: object) -> None: ...

        async def probe(self) -> list[ProbeResult]:
            return [ProbeResult("keys", "there are 2"), ProbeResult("door", "open", "close it")]

    class Broken(Asking):
        async def probe(self) -> list[ProbeResult]:
            raise RuntimeError("s3cret")

    async def silent(_request: object) -> None: ...

    found = await tried(vendor, a=Asking(), b=Broken(), c=silent)

    assert found["authenticator a: keys"].ok
    assert found["authenticator a: door"].remedy == "close it"
    assert "RuntimeError" in found["authenticator b"].found
    assert found["authenticator c"].ok
    assert "s3cret" not in str(found)


async def test_an_authenticator_that_hangs_is_given_up(
    vendor: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "PROBE_SECONDS", 0)

    class Hanging:
        async def __call__(self, _request: object) -> None: ...

        async def probe(self) -> list[ProbeResult]:
            await asyncio.Event().wait()
            return []

    assert "TimeoutError" in (await tried(vendor, a=Hanging()))["authenticator a"].found


async def check(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, dict[str, Any]]:
    status, out, _ = await asyncio.to_thread(run, capsys, "check", "--online", *arguments)
    return status, out, json.loads(out) if arguments else {}


async def test_the_command_prints_a_line_for_each(
    vendor: Host, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor.answer = telling(time.time())
    load(PROXY, PANDIUM, PANDIUM_MARKETPLACE_URL=f"{origin(vendor)}/acme")

    status, out, _ = await check(capsys)

    assert status == 0
    assert f"works           vendor {origin(vendor)}: answers 200" in out
    assert "works           authenticator oauth2-proxy: asks nobody" in out
    assert "works           clock:" in out
    assert "FAILS" not in out


async def test_the_command_ends_with_1_and_a_remedy_where_something_fails(
    vendor: Host, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    load(PROXY, PANDIUM, PANDIUM_MARKETPLACE_URL=f"{origin(vendor)}/acme")

    status, out, _ = await check(capsys)
    assert status == 1
    assert "FAILS           clock:" in out
    assert "NTP" in out

    status, _, found = await check(capsys, "--json")
    assert status == 1
    assert found["ok"] is False
    assert {"what", "found", "remedy"} == set(found["online"][0])
    assert not all(each["remedy"] is None for each in found["online"])
