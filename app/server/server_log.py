"""Gunicorn's own lines, in our format."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from app.telemetry.logs import ForeignLines


class ServerLog(Logger):  # type: ignore[misc] # gunicorn ships no types
    """The `logger_class` of the shipped configuration."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
        """Replace gunicorn's handler. There is no access log: its lines have query strings."""
        super().setup(cfg)
        self.error_log.handlers = [ForeignLines()]
