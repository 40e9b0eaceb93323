"""Configure gunicorn: this is the same for every deployment; the rest is in the environment."""

from __future__ import annotations

import os
import signal
from typing import Any

from app.server import serving
from app.server.signals import order_signals, refuse_upgrade

_settings = serving.current()
_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

wsgi_app = "app.server.serving:application()"
bind = [each for each in (_settings.service.bind, _settings.service.metrics_bind) if each]
umask = 0o777 & ~int(_settings.service.socket_mode, 8)  # of the unix socket, if it is one
workers = _settings.process.web_concurrency

worker_class = "app.server.worker.Worker"

# Trust neither X-Forwarded-* nor header names with an underscore, which other software reads as the
# same names with hyphens: the worker drops these.
forwarded_allow_ips = ""

# Requests are short: a worker that takes longer hangs.
timeout = 30
graceful_timeout = 20
keepalive = 5

control_socket_disable = True
accesslog = None  # its lines have query strings in them
logger_class = serving.ServerLog
loglevel = _settings.service.log_level
proc_name = "marketplace-sso"

on_starting = serving.prepare


def when_ready(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Watch over the socket and the signals from here on."""
    serving.watch_socket(arbiter)
    order_signals(arbiter)
    refuse_upgrade(arbiter)


def post_fork(arbiter: Any, _worker: Any) -> None:  # noqa: ANN401 - the same
    """Block the signals that end a worker until its loop runs; earlier they would be lost.

    One that came since the fork is in the worker's copy of gunicorn's queue: send it again.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    while not arbiter.SIG_QUEUE.empty():
        number = arbiter.SIG_QUEUE.get_nowait()
        if number in _ENDING:
            os.kill(os.getpid(), number)


def child_exit(_arbiter: Any, worker: Any) -> None:  # noqa: ANN401 - the same
    """Keep what a worker has counted that ended."""
    serving.process_metrics().add_up_ended(worker.pid)


def on_exit(_arbiter: Any) -> None:  # noqa: ANN401 - the same
    """Remove the metrics' folder."""
    serving.process_metrics().remove()
