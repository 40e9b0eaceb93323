"""Logs: one line an event, as JSON for machines or in columns for people."""

from __future__ import annotations

import logging
from typing import Any, Literal, TextIO

import structlog


def configure(level: str, log_format: Literal["json", "console"], out: TextIO) -> None:
    """Send every line of this process to `out`, in `log_format`."""
    render: Any = structlog.processors.JSONRenderer(sort_keys=False)
    if log_format == "console":
        render = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
