"""A worker of gunicorn: uvicorn's server with bounded connections and an end that loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from gunicorn.arbiter import Arbiter
from gunicorn.workers import base
from gunicorn.workers.workertmp import WorkerTmp
from uvicorn_worker import UvicornWorker

from app.server import serving
from app.server.connections import Connections
from app.server.limits import connection_capacity
from app.server.protocol import BoundedProtocol
from app.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LATE_CHECK_TICKS: Final = 5  # of 0.1 s
_METRICS_TICKS: Final = 10
_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}


class Server(uvicorn.Server):
    """Uvicorn's server, which ends by our signals and closes connections that are late.

    `parent` is the process id of gunicorn's first process, and `beat` tells it that this one lives.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        *,
        parent: int,
        beat: Callable[[], object],
    ) -> None:
        super().__init__(config)
        self._bounded = connections
        self._parent = parent
        self._beat = beat

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        """Take signals from here on: those that came before were held back."""
        await super().startup(sockets)  # type: ignore[arg-type] # a list, as gunicorn has it
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._end)
        for number in (signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self._end_now)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)

    async def on_tick(self, counter: int) -> bool:
        """Close late connections twice a second; write the metrics and be heard once a second.

        Uvicorn has a beat of its own, by the wall clock: when that was set back, there was none.
        End where gunicorn's first process has died without a signal to its workers: otherwise they
        would keep the port from the one that is started instead.
        """
        if counter % _LATE_CHECK_TICKS == 0:
            self._bounded.close_late()
        if counter % _METRICS_TICKS == 0:
            self._count_connections()
            serving.process_metrics().write()
            self._beat()
            self.should_exit = self.should_exit or os.getppid() != self._parent
        return await super().on_tick(counter)

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:  # noqa: ARG002 - closed with their servers
        """Accept no more, answer what is under way, and let idle connections end by themselves.

        A client may be sending on a connection that is idle here. So an old worker answers the
        last request of each with `Connection: close`; while draining that has been done already.
        """
        self._bounded.ending = True
        if serving.is_draining():
            for connection in tuple(self.server_state.connections):
                if connection.is_idle():  # type: ignore[union-attr] # all of them are ours
                    connection.transport.close()
        closing_late = asyncio.create_task(self._close_late())
        try:
            await super().shutdown()
        finally:
            closing_late.cancel()
            if self.force_exit:  # uvicorn leaves that out, and its task would end with an error
                await self.lifespan.shutdown()
            serving.process_metrics().write()

    def _count_connections(self) -> None:
        metrics.CONNECTIONS.labels("open").set(len(self.server_state.connections))
        metrics.CONNECTIONS.labels("half_open").set(self._bounded.half_open)

    async def _close_late(self) -> None:
        while True:
            self._bounded.close_late()
            await asyncio.sleep(0.1)

    def _end(self) -> None:
        self.should_exit = True

    def _end_now(self) -> None:
        self.should_exit = self.force_exit = True


class Heartbeat(WorkerTmp):  # type: ignore[misc] # gunicorn ships no types
    """What a worker touches: in memory and not in a folder, which may be full or read-only."""

    def __init__(self, _cfg: object) -> None:
        self._tmp = os.fdopen(os.memfd_create("heartbeat"), "w+b", buffering=0)


base.WorkerTmp = Heartbeat  # the constructor of gunicorn's worker has no other way in


class Worker(UvicornWorker):  # type: ignore[misc] # uvicorn_worker ships no types
    """The `worker_class` of the shipped configuration."""

    CONFIG_KWARGS: dict[str, Any] = {  # noqa: RUF012 - as uvicorn_worker has it
        "loop": "uvloop",
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "callback_notify": None,
        "proxy_headers": False,
        "server_header": False,
        "log_level": "warning",
    }

    async def _serve(self) -> None:
        service = serving.current().service
        connections = Connections(
            head_timeout_seconds=service.head_timeout_seconds,
            keep_alive_seconds=self.cfg.keepalive,
            capacity=connection_capacity(),
        )
        self.config.app = self.wsgi
        self.config.http = partial(BoundedProtocol, among=connections)
        self.config.timeout_graceful_shutdown = self.cfg.graceful_timeout
        server = Server(self.config, connections, parent=self.ppid, beat=self.notify)
        with ExitStack() as stack:
            # The loop closes what it listens at, and gunicorn its own.
            sockets = [
                stack.enter_context(socket.socket(fileno=os.dup(each.fileno())))
                for each in self.sockets
            ]
            await server._serve(sockets)  # noqa: SLF001 - serve() would take our signals away
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
