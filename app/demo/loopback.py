"""Listening on this machine only."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager

from aiohttp import web

ADDRESS = "127.0.0.1"
IPV6_ADDRESS = "::1"  # where browsers look for localhost first


def listen(port: int) -> socket.socket:
    """Listen at `port`, or at any free one where that is taken.

    It is taken, too, where browsers would find another program first.
    """
    try:
        return socket.create_server((ADDRESS, 0 if _is_answered_first(port) else port))
    except OSError:
        return socket.create_server((ADDRESS, 0))


@contextmanager
def listening(*ports: int) -> Iterator[list[socket.socket]]:
    """Listen at each of `ports`, or elsewhere, and let go of all of them in the end."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(listen(port))) for port in ports]


def port_of(listener: socket.socket) -> int:
    """Return the port that `listener` listens at."""
    port: int = listener.getsockname()[1]
    return port


def free_port() -> int:
    """Return a port that nothing listens at; for a child process, which opens it itself."""
    with closing(listen(0)) as listener:
        return port_of(listener)


def _is_answered_first(port: int) -> bool:
    try:
        socket.create_connection((IPV6_ADDRESS, port), timeout=1).close()
    except OSError:
        return False
    return True


@asynccontextmanager
async def serving(application: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    """Serve `application` at `listener` for as long as the context lasts."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await runner.cleanup()
