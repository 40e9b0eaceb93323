"""The demo as a whole, with a small service in place of the real one."""

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import pytest
from aiohttp import ClientSession

from app.demo import service
from app.demo.loopback import listen, port_of
from app.demo.run import run

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in.py")))


class Printed:
    """What the demo, and the service to its standard error, have printed by now."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._out = self._err = ""

    def text(self) -> str:
        out, err = self._capfd.readouterr()
        self._out, self._err = self._out + out, self._err + err
        return self._out

    def of_the_service(self) -> str:
        self.text()
        return self._err

    async def wait_for(self, words: str) -> None:
        while words not in self.text() + self.of_the_service():  # noqa: ASYNC110 - output has no event
            await asyncio.sleep(0.02)


@pytest.fixture
def printed(capfd: pytest.CaptureFixture[str]) -> Printed:
    return Printed(capfd)


@pytest.fixture
async def demo(printed: Printed) -> AsyncIterator[asyncio.Task[int]]:
    """A demo that is up; whoever does not end it is ended."""
    task = asyncio.ensure_future(run(0, 0, command=STAND_IN))
    await printed.wait_for("Ctrl-C ends the demo.")
    yield task
    task.cancel()
    await asyncio.wait([task])


def origins(text: str) -> dict[str, str]:
    """Return the three addresses, by the name they are printed with."""
    return dict(re.findall(r"^  ([a-z ]+?) +(http://\S+)$", text, re.MULTILINE))


async def test_once_walks_every_way_in_and_is_content(printed: Printed) -> None:
    status = await run(0, 0, once=True, command=STAND_IN)

    text = printed.text()
    assert status == 0
    assert text.count("  307  ") == 6
    assert text.count(": verified, ada@acme.example") == 6
    assert re.search(r"Signed out:\n  401  http://localhost:\d+/pandium-sso\n", text)
    assert text.endswith("All is as it should be.\n")


async def test_the_ports_wished_for_are_used_where_they_are_free(printed: Printed) -> None:
    with closing(listen(0)) as one, closing(listen(0)) as other:
        host_port, marketplace_port = port_of(one), port_of(other)

    await run(host_port, marketplace_port, once=True, command=STAND_IN)

    assert f"http://localhost:{host_port}/pandium-sso" in printed.text()
    assert f"http://127.0.0.1:{marketplace_port}/pandium/acme" in printed.text()


async def test_the_service_gets_the_settings_of_the_demo_and_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    monkeypatch.setenv("PANDIUM_CLAIMS", "{}")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")

    await run(0, 0, once=True, command=STAND_IN)

    names = printed.of_the_service()
    assert '"SSO_BIND"' in names
    assert "PANDIUM_CLAIMS" not in names
    assert "PROXY" not in names.replace("OAUTH2_PROXY", "")


async def test_the_service_gets_a_copy_of_the_destinations_and_a_key_for_each_row(
    printed: Printed,
) -> None:
    file = Path("config/destinations.example.toml")

    status = await run(0, 0, once=True, destinations=file, command=STAND_IN)

    assert status == 0
    for name in ("SSO_DESTINATIONS_FILE", "DESTINATION_ACME_KEY", "DESTINATION_WORKATO_KEY"):
        assert f'"{name}"' in printed.of_the_service()


async def test_the_settings_hold_two_long_secrets_that_are_new_each_time() -> None:
    addresses = service.Addresses("http://localhost:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
    keys = {"Pandium": b"one", "APIFuse": b"other"}

    settings = service.environment(addresses, keys)

    assert settings["PANDIUM_SHARED_SECRET"] == "one"
    assert settings["APIFUSE_API_SECRET"] == "other"
    assert settings["SSO_BIND"] == "127.0.0.1:3"
    assert settings["SSO_HOST_ORIGINS"] == settings["SSO_PUBLIC_URL"] == "http://localhost:1"
    assert settings["PANDIUM_MARKETPLACE_URL"] == "http://127.0.0.1:2/pandium/{account}"


@pytest.mark.parametrize(("status", "expected"), [("2", 2), ("0", 1)])
async def test_a_service_that_ends_at_once_ends_the_demo_with_its_status(
    printed: Printed, status: str, expected: int
) -> None:
    ended = await run(0, 0, command=(*STAND_IN, status))

    assert ended == expected
    assert f"The service ended with status {status}." in printed.text()
    assert "stand-in: ending" in printed.of_the_service()


async def test_a_service_that_never_gets_ready_ends_the_demo(
    printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "READY_SECONDS", 0.5)

    status = await run(0, 0, command=(*STAND_IN, "hang"))

    assert status == 1
    assert "The service does not get ready." in printed.text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_demo_and_the_service_with_it(
    demo: asyncio.Task[int], printed: Printed, number: int
) -> None:
    places = origins(printed.text())

    os.kill(os.getpid(), number)
    status = await demo

    assert status == 0
    assert "The demo has ended." in printed.text()
    for origin in places.values():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(origin.rpartition(":")[2])))


async def test_a_signal_ends_the_demo_before_the_service_is_ready(printed: Printed) -> None:
    demo = asyncio.ensure_future(run(0, 0, command=(*STAND_IN, "hang")))
    await printed.wait_for("Starting the service")

    os.kill(os.getpid(), signal.SIGTERM)

    assert await demo == 0


async def test_a_signal_we_were_started_to_ignore_stays_ignored(printed: Printed) -> None:
    """As under nohup, which survives the end of its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        demo = asyncio.ensure_future(run(0, 0, command=STAND_IN))
        await printed.wait_for("Ctrl-C ends the demo.")
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        await demo

        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_the_service_starts_where_its_package_is_and_out_of_reach_of_ctrl_c(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, printed: Printed
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ("sh", "-c", "pwd; exec sleep 60")

    async with service.running(command, {"PATH": os.defpath}) as process:
        await printed.wait_for("\n")

        assert os.getsid(process.pid) == process.pid
    assert printed.of_the_service() == f"{Path(__file__).parents[2]}\n"


async def test_a_service_that_ignores_the_signal_is_killed(
    monkeypatch: pytest.MonkeyPatch, printed: Printed
) -> None:
    monkeypatch.setattr(service, "STOP_SECONDS", 0.1)
    command = ("sh", "-c", "trap '' TERM; echo I am deaf; exec sleep 60")

    async with service.running(command, {"PATH": os.defpath}) as process:
        await printed.wait_for("I am deaf")

    assert process.returncode == -signal.SIGKILL


async def test_all_three_are_on_this_machine_only_and_on_origins_of_their_own(
    demo: asyncio.Task[int], printed: Printed
) -> None:
    """Whoever listens at all addresses answers at 127.0.0.2, too."""
    places = origins(printed.text())

    assert not demo.done()
    assert list(places) == ["host application", "marketplace", "service"]
    assert places["host application"].startswith("http://localhost:")
    assert places["marketplace"].startswith("http://127.0.0.1:")
    for origin in places.values():
        port = int(origin.rpartition(":")[2])
        socket.create_connection(("127.0.0.1", port)).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port))


async def test_the_printed_curl_line_shows_the_redirect_as_pasted(
    demo: asyncio.Task[int], printed: Printed
) -> None:
    (line,) = re.findall(r"^  (curl .*)$", printed.text(), re.MULTILINE)

    curl = await asyncio.create_subprocess_shell(line, stdout=PIPE)
    out, _ = await curl.communicate()

    marketplace = origins(printed.text())["marketplace"]
    assert not demo.done()
    assert out.startswith(b"HTTP/1.1 307 ")
    assert f"\r\nLocation: {marketplace}/pandium/acme?tenant=eyJ".encode() in out


async def test_the_end_of_the_service_is_the_end_of_the_demo(
    demo: asyncio.Task[int], printed: Printed, http: ClientSession
) -> None:
    async with http.post(f"{origins(printed.text())['service']}/end") as answer:
        await answer.read()

    assert await demo == 3
    assert "The service ended with status 3." in printed.text()
