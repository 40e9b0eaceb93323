"""How gunicorn serves: what is here holds for every deployment; the rest is in the environment."""

from __future__ import annotations

import signal
from typing import Any

from app import logs, settings
from app.server_log import ServerLog
from app.sink import Sink

_ENDING = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

_settings = settings.load()
_service = _settings.service
logs.configure(_service.log_level, _service.log_format, Sink(1), _settings.secrets)

wsgi_app = "app.main:application()"
bind = _settings.service.bind
workers = _settings.process.web_concurrency

worker_class = "asgi"
asgi_loop = "uvloop"
asgi_lifespan = "on"
# The C parser that can be had today accepts bare LF and folded header lines.
http_parser = "python"

# Nothing that a peer says about itself is believed: neither X-Forwarded-*, nor names with an
# underscore, which elsewhere pass for their hyphen twins.
forwarded_allow_ips = ""
forwarder_headers = ""
header_map = "drop"

# Load balancers add up to 11 KiB of identity to a request.
limit_request_line = 8190
limit_request_field_size = 32768

# Requests are short: what takes longer hangs.
timeout = 30
graceful_timeout = 20
keepalive = 5

control_socket_disable = True
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat's file; other folders may be read-only
accesslog = None  # its lines have query strings in them
logger_class = ServerLog
loglevel = _service.log_level
proc_name = "marketplace-sso"


def post_fork(_arbiter: Any, _worker: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Hold ending signals back while a worker boots: before its loop runs, they would be lost."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def post_worker_init(worker: Any) -> None:  # noqa: ANN401 - the same
    """Let them through as soon as the loop runs."""
    worker.loop.call_soon(signal.pthread_sigmask, signal.SIG_UNBLOCK, _ENDING)
