import json
import logging
import os
from collections.abc import Iterator

import pytest
import structlog
from gunicorn.config import Config

from app.server.serving import ServerLog
from app.telemetry import logs
from app.telemetry.sink import Sink


@pytest.fixture
def lines() -> Iterator[int]:
    root, server = logging.getLogger(), logging.getLogger("gunicorn.error")
    before = root.handlers, root.level, server.handlers
    end, beginning = os.pipe()
    logs.configure("info", "json", Sink(beginning))
    yield end
    structlog.reset_defaults()
    root.handlers, root.level, server.handlers = before


@pytest.mark.requirement("R45", "R46")
def test_the_servers_lines_are_in_our_format_and_there_is_no_access_log(lines: int) -> None:
    log = ServerLog(Config())

    log.error("Error handling %s", "a\nrequest")

    (line,) = os.read(lines, 4096).splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"]) == ("Error handling a\nrequest", "error")
    assert event["logger"] == "gunicorn.error"
    assert log.access_log_enabled is False
