"""The worker's server as a real one on loopback, in the loop of the test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import uvicorn

from app.server.connections import Connections
from app.server.protocol import BoundedProtocol
from app.server.worker import Server

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Running:
    """A server that runs in this loop, and what it has been asked."""

    def __init__(self, clock: Clock, capacity: int = 100) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections = Connections(
            head_timeout_seconds=10, keep_alive_seconds=5, capacity=capacity, clock=clock
        )
        config = uvicorn.Config(
            self.answer,
            interface="asgi3",
            http=partial(BoundedProtocol, among=self.connections),  # type: ignore[arg-type] # called like a class
            ws="none",
            lifespan="off",
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        self.beats = 0
        self.server = Server(config, self.connections, parent=os.getppid(), beat=self._beat)

    def _beat(self) -> None:
        self.beats += 1

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        self.asked.append(scope)
        await self.answering.wait()
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"2")],
            }
        )
        await send({"type": "http.response.body", "body": b"ok"})

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(*self.listener.getsockname())


@contextlib.asynccontextmanager
async def serve(served: Running) -> AsyncIterator[Running]:
    task = asyncio.create_task(served.server._serve([served.listener]))  # noqa: SLF001 - as the worker runs it
    await until(lambda: served.server.started)
    try:
        yield served
    finally:
        served.server.should_exit = True
        await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


async def conversation(served: Running, *pieces: bytes) -> bytes:
    """Send pieces one by one on one connection, and return all that comes until its end."""
    reader, writer = await served.connect()
    with contextlib.suppress(OSError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that they do not arrive as one
        writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer
