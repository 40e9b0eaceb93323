"""What the server runs: the last configuration that held, for all workers alike.

The server's first process reads it, at the start and on SIGHUP, and its workers inherit it. So a
worker that must be replaced while the configuration is broken starts with what held before.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from app.main import Configuration, create_app, load
from app.server import draining
from app.settings.problems import InvalidSettings
from app.telemetry import logs, metrics
from app.telemetry.sink import Sink

if TYPE_CHECKING:
    import falcon.asgi

STANDARD_OUTPUT: Final = 1

log = structlog.get_logger("marketplace_sso")

_held: list[Configuration] = []


def current() -> Configuration:
    """Give the configuration that is served; the first call reads it.

    Raises:
        InvalidSettings: there is none that holds.
    """
    if not _held:
        take_anew()
    return _held[0]


def take_anew() -> None:
    """Read the configuration again.

    Raises:
        InvalidSettings: it does not hold; the one before stays.
    """
    config = load()
    _held[:] = [config]
    service = config.service
    sink = Sink(STANDARD_OUTPUT, metrics.LOG_LINES_LOST.inc)
    logs.configure(service.log_level, service.log_format, sink, config.secrets)


def application() -> falcon.asgi.App[Any, Any]:
    """Give the application to a worker."""
    return create_app(current())


def prepare(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Let a broken configuration keep the old workers, and readiness end before anything else."""
    reload, end = arbiter.reload, arbiter.handle_term

    def reload_what_holds() -> None:
        try:
            take_anew()
        except InvalidSettings as error:
            problems = [str(problem) for problem in error.problems]
            log.warning("configuration_refused", problems=problems, remedy="the old one is kept")
            return
        log.info("configuration_taken")
        reload()

    def drain() -> None:
        draining.begin()
        log.info("draining", seconds=current().service.drain_seconds)
        time.sleep(current().service.drain_seconds)
        end()

    arbiter.reload, arbiter.handle_term = reload_what_holds, drain
