"""What gunicorn runs: the last valid configuration, its application, reload and drain.

Gunicorn's first process reads the configuration at start and on SIGHUP; its workers inherit it. A
worker that is replaced while the configuration is broken starts with the last valid one.
"""

from __future__ import annotations

import mmap
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import structlog
from gunicorn.glogging import Logger

from app.main import Configuration, create_app
from app.server.binding import MadeSocket
from app.server.loading import load
from app.server.watching import Pauses, Watch
from app.settings.problems import InvalidSettings, Problem
from app.telemetry import logs, metrics
from app.telemetry.processes import ProcessMetrics
from app.telemetry.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable

    import falcon.asgi

    from app.settings.service import ServiceVariables

STANDARD_OUTPUT: Final = 1

log = structlog.get_logger("marketplace_sso")

_current: list[Configuration] = []
_sinks: list[Sink] = []
_draining = mmap.mmap(-1, 1)  # shared with every process that is forked later


def current() -> Configuration:
    """Return the configuration that is served; the first call reads it.

    Raises:
        InvalidSettings: there is no valid one.
    """
    if not _current:
        read_again()
    return _current[0]


def read_again() -> None:
    """Read the configuration, and send the logs where it says.

    Raises:
        InvalidSettings: it is not valid, or no application can be built; the one before stays. The
            same where it listens elsewhere: gunicorn would close its port first, and end.
    """
    config = load()
    if _current and (moved := list(_moved(_current[0].service, config.service))):
        raise InvalidSettings(moved)
    _current[:] = [config]
    service = config.service
    sink = Sink(STANDARD_OUTPUT, metrics.LOG_LINES_LOST.inc)
    logs.configure(service.log_level, service.log_format, sink, config.secrets)
    for old in _sinks:
        old.close()
    _sinks[:] = [sink]


def _moved(before: ServiceVariables, after: ServiceVariables) -> Iterable[Problem]:
    """Find addresses to listen at that have changed."""
    wrong = "has changed, which needs a restart; put it back, or restart the service"
    if before.bind != after.bind:
        yield Problem("SSO_BIND", wrong)
    if before.metrics_bind != after.metrics_bind:
        yield Problem("SSO_METRICS_BIND", wrong)


@cache
def process_metrics() -> ProcessMetrics:
    """Return the metrics of all processes; the first call, before any fork, makes their folder."""
    return ProcessMetrics.in_new_folder()


def application() -> falcon.asgi.App[Any, Any]:
    """Return the application of a worker."""
    return create_app(current(), is_draining=is_draining, exposition=process_metrics().exposition)


def is_draining() -> bool:
    """Whether the server is about to end: not ready, and no connection is kept open."""
    return _draining[0] == 1


def prepare(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Keep the old workers if a reload is invalid; fail readiness before draining.

    A file of the configuration that changes is a reload, too.
    """
    _tell_reload(held=True)
    reload, end, look_after_workers = (
        arbiter.reload,
        arbiter.handle_term,
        arbiter.murder_workers,
    )
    watches, pauses = [_watch()], Pauses()

    def reload_if_valid() -> None:
        try:
            read_again()
        except InvalidSettings as error:
            problems = [str(problem) for problem in error.problems]
            log.warning("configuration_refused", problems=problems, remedy="the old one is kept")
            _tell_reload(held=False)
            return
        log.info("configuration_taken")
        _tell_reload(held=True)
        watches[:] = [_watch()]
        reload()

    def look_around() -> None:
        """Called once a second by gunicorn's first process."""
        if watches[0].has_changed():
            log.info("files_changed")
            reload_if_valid()
        if not pauses.has_just_ended():  # otherwise all workers were taken for hung
            look_after_workers()

    def drain() -> None:
        _draining[0] = 1
        log.info("draining", seconds=current().service.drain_seconds)
        time.sleep(current().service.drain_seconds)
        end()

    arbiter.reload, arbiter.handle_term = reload_if_valid, drain
    arbiter.murder_workers = look_around


def watch_socket(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Say when somebody has deleted the unix socket that is served, which then nobody reaches.

    Gunicorn, at its end, would fail to delete it, or delete another server's that has its path. It
    leaves a socket alone that it has from systemd, and so it is told.
    """
    made = MadeSocket(current().service.bind)
    look_after_workers, stop = arbiter.murder_workers, arbiter.stop

    def look() -> None:
        if made.is_gone() and not arbiter.systemd:
            log.error("socket_deleted", path=str(made.path), remedy="restart the service")
            arbiter.systemd = True

    def look_around() -> None:
        look()
        look_after_workers()

    def look_and_stop(*graceful: bool) -> None:
        look()
        stop(*graceful)

    arbiter.murder_workers, arbiter.stop = look_around, look_and_stop


def _tell_reload(*, held: bool) -> None:
    """Let `/metrics` tell whether the last configuration that was read is in use."""
    metrics.RELOAD_HELD.set(held)
    if held:
        metrics.CONFIGURATION_LOADED.set_to_current_time()
    process_metrics().write(only=metrics.OF_FIRST_PROCESS)


def _watch() -> Watch:
    config = current()
    return Watch(config.files, seconds=config.service.reload_seconds)


class ServerLog(Logger):  # type: ignore[misc] # gunicorn ships no types
    """Gunicorn's own lines as events of ours: the `logger_class` of the shipped configuration."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
        """Replace gunicorn's handler. There is no access log: its lines have query strings."""
        super().setup(cfg)
        self.error_log.handlers = [logs.ForeignLines()]
