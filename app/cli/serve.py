"""`marketplace-sso serve`."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path

from pydantic import BaseModel

from app.server.binding import check_bind
from app.server.limits import raise_descriptor_limit
from app.server.loading import load
from app.settings.environment import server_environment
from app.telemetry.sink import append_only, open_standard_descriptors


class Serve(BaseModel):
    """Check the configuration, then serve it with gunicorn."""

    def cli_cmd(self) -> None:
        """Become gunicorn, so that signals reach it."""
        open_standard_descriptors()
        config = load()
        check_bind(config.service.bind)
        if config.service.metrics_bind is not None:
            check_bind(config.service.metrics_bind, "SSO_METRICS_BIND")
        raise_descriptor_limit(config.process.web_concurrency)
        for output in (1, 2):
            append_only(output)
        command = [sys.executable, "-m", "gunicorn", "--config", str(_gunicorn_configuration())]
        os.execve(sys.executable, command, server_environment())  # noqa: S606 - our own interpreter, no shell


def _gunicorn_configuration() -> Path:
    """Return gunicorn's configuration: beside the package in a checkout, inside it in a wheel."""
    package = Path(str(files("app")))
    beside = package.parent / "config" / "gunicorn.conf.py"
    return beside if beside.is_file() else package / "gunicorn.conf.py"
