"""Configure gunicorn: this is the same for every deployment; the rest is in the environment."""

# ruff: noqa: E402 - the metrics' folder must be set before the service is imported
from __future__ import annotations

import os
import shutil
import signal
import tempfile
from typing import Any

MEMORY = "/dev/shm"  # noqa: S108 - other folders may be read-only

if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="sso-", dir=MEMORY)

from prometheus_client.multiprocess import mark_process_dead

from app.server import serving
from app.server.serving import ServerLog

_settings = serving.current()
_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

wsgi_app = "app.server.serving:application()"
bind = _settings.service.bind
workers = _settings.process.web_concurrency

worker_class = "app.server.worker.Worker"

# Trust neither X-Forwarded-* nor header names with an underscore, which other software reads as the
# same names with hyphens.
forwarded_allow_ips = ""

# Requests are short: a worker that takes longer hangs.
timeout = 30
graceful_timeout = 20
keepalive = 5

control_socket_disable = True
worker_tmp_dir = MEMORY
accesslog = None  # its lines have query strings in them
logger_class = ServerLog
loglevel = _settings.service.log_level
proc_name = "marketplace-sso"

on_starting = serving.prepare


def pre_request(_worker: Any, _request: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Log nothing: gunicorn's default hook logs the path, which may contain personal data."""


def post_fork(_arbiter: Any, _worker: Any) -> None:  # noqa: ANN401 - the same
    """Block the signals that end a worker until its loop runs; earlier they would be lost."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def child_exit(_arbiter: Any, worker: Any) -> None:  # noqa: ANN401 - the same
    """Drop the live gauges of a worker that ended; its counters stay."""
    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call] # it ships some types only


def on_exit(_arbiter: Any) -> None:  # noqa: ANN401 - the same
    """Remove the metrics' folder."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
