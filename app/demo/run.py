"""Start the three parts of the demo, and stop them."""

import asyncio
import secrets
import signal
import socket
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import ClientSession, web

from app.demo.foreign import Foreign
from app.demo.host import Host
from app.demo.loopback import ADDRESS, free_port, listening, port_of, serving
from app.demo.marketplace import Marketplace
from app.demo.proxying import client
from app.demo.rows import NO_ROWS, Rows, prepared
from app.demo.service import SERVE, Addresses, ServiceEnded, environment, running, wait_until_ready
from app.demo.sign_on import signs_on
from app.demo.timeline import Timeline
from app.demo.users import ADA

UP = """
  host application  {host}
  marketplace       {marketplace}
  service           {service}

Open {host} in a browser, or see the redirect by itself:

  {curl}

Ctrl-C ends the demo.
"""


async def run(
    host_port: int = 8080,
    marketplace_port: int = 8090,
    *,
    once: bool = False,
    destinations: Path | None = None,
    command: Sequence[str] = SERVE,
) -> int:
    """Run the demo until a signal or the end of the service, and return the exit status.

    Ports that are taken are replaced by free ones. With `once` it walks through the sign-on by
    itself, prints what came and ends: 0 where all is well, 1 where not. `destinations` is a
    file whose rows are shown, too. `command` is what starts the service.
    """
    demo = asyncio.ensure_future(
        _run(host_port, marketplace_port, command, destinations, once=once)
    )
    with _on_signals(demo.cancel):
        try:
            return await demo
        except asyncio.CancelledError:
            print("The demo has ended.", flush=True)
            return 0
        except ServiceEnded as ended:
            print(ended, flush=True)
            return ended.exit_status
        except TimeoutError:
            print("The service does not get ready.", flush=True)
            return 1


async def _run(
    host_port: int,
    marketplace_port: int,
    command: Sequence[str],
    destinations: Path | None,
    *,
    once: bool,
) -> int:
    with listening(host_port, marketplace_port, 0) as (at_host, at_marketplace, elsewhere):
        addresses = Addresses(
            host=f"http://localhost:{port_of(at_host)}",
            marketplace=f"http://{ADDRESS}:{port_of(at_marketplace)}",
            service=f"http://{ADDRESS}:{free_port()}",
        )
        with _rows(destinations, addresses.marketplace) as rows:
            async with _everything(
                addresses, command, rows, (at_host, at_marketplace, elsewhere)
            ) as (service, http):
                return await _shown(addresses, service, http, once=once)


async def _shown(addresses: Addresses, service: Process, http: ClientSession, *, once: bool) -> int:
    """Wait for the service, and show what there is until it ends."""
    started = time.monotonic()
    await wait_until_ready(service, addresses.service, http)
    print(f"It is ready after {time.monotonic() - started:.1f} s.", flush=True)
    if once:
        return 0 if await signs_on(addresses, http) else 1
    print(UP.format(**vars(addresses), curl=_curl(addresses.service)), flush=True)
    raise ServiceEnded(await service.wait())


@asynccontextmanager
async def _everything(
    addresses: Addresses,
    command: Sequence[str],
    rows: Rows,
    listeners: tuple[socket.socket, socket.socket, socket.socket],
) -> AsyncIterator[tuple[Process, ClientSession]]:
    """Start the service and the stand-ins around it, for as long as the context lasts."""
    at_host, at_marketplace, elsewhere = listeners
    foreign = f"http://{ADDRESS}:{port_of(elsewhere)}"
    timeline = Timeline()
    keys = {vendor: secrets.token_urlsafe(32).encode() for vendor in ("Pandium", "APIFuse")}
    print("Starting the service ...", flush=True)
    async with (
        running(command, environment(addresses, keys) | dict(rows.settings)) as service,
        client() as http,
        serving(_marketplace(addresses, keys, rows, timeline), at_marketplace),
        _serving_host(
            addresses, at_host, foreign=foreign, http=http, rows=rows, timeline=timeline
        ) as host,
        serving(
            Foreign(
                host=addresses.host,
                count=lambda: host.signed_on,
                answered=lambda: host.answered,
            ).application(),
            elsewhere,
        ),
    ):
        yield service, http


def _marketplace(
    addresses: Addresses, keys: Mapping[str, bytes], rows: Rows, timeline: Timeline
) -> web.Application:
    return Marketplace(
        addresses.marketplace, host=addresses.host, keys=keys, timeline=timeline, rows=rows.rows
    ).application()


@contextmanager
def _rows(destinations: Path | None, marketplace: str) -> Iterator[Rows]:
    """Yield the rows of a file; the copy that the service reads lives as long as the context."""
    if destinations is None:
        yield NO_ROWS
        return
    with tempfile.TemporaryDirectory(prefix="marketplace-sso-") as folder:
        yield prepared(destinations, marketplace, Path(folder))


@asynccontextmanager
async def _serving_host(  # noqa: PLR0913 - the parts of the demo, each by its name
    addresses: Addresses,
    listener: socket.socket,
    *,
    foreign: str,
    http: ClientSession,
    rows: Rows,
    timeline: Timeline,
) -> AsyncIterator[Host]:
    host = Host(
        addresses.host,
        service=addresses.service,
        marketplace=addresses.marketplace,
        foreign=foreign,
        client=http,
        timeline=timeline,
        rows=rows.rows,
    )
    async with serving(host.application(), listener):
        yield host


def _curl(service: str) -> str:
    """Return the command that asks the service as its login proxy does."""
    said = ("X-Forwarded-User", "X-Forwarded-Email")
    headers = [f"-H '{name}: {value}'" for name, value in ADA.headers().items() if name in said]
    return f"curl -si {service}/pandium-sso {' '.join(headers)}"


@contextmanager
def _on_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` at each signal that ends a program, but for those we were started to ignore."""
    loop = asyncio.get_running_loop()
    signals = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
