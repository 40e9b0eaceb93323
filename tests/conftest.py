"""Fixtures of the in-process tests: a clean environment, and an application made from it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest
import structlog
from hypothesis import settings as hypothesis

from app.main import Configuration, create_app
from app.server.loading import load as load_configuration
from app.settings.reading import PREFIXES
from tests.in_process import Client, Load, MakeClient, Server
from tests.samples import NOW, PANDIUM, PROXY

hypothesis.register_profile("untimed", deadline=None)  # machines are shared: no test by the clock
hypothesis.load_profile("untimed")


@pytest.fixture(autouse=True)
def _logs_go_where_they_went() -> Iterator[None]:
    """Undo what a command does to the logs of its own process."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Read the settings from exactly these variables."""

    def loaded(
        *groups: dict[str, str], now: Callable[[], float] = time.time, **variables: str
    ) -> Configuration:
        for name in list(os.environ):
            if name.startswith(PREFIXES) or name in {"SECRETS_DIR", "WEB_CONCURRENCY"}:
                monkeypatch.delenv(name)
        for group in (*groups, variables):
            for name, value in group.items():
                monkeypatch.setenv(name, value)
        return load_configuration(now=now)

    return loaded


@pytest.fixture
def client(load: Load) -> MakeClient:
    """Make a client of the application that these variables describe, at `NOW`."""

    def made(*groups: dict[str, str], **variables: str) -> Client:
        config = load(*(groups or (PROXY, PANDIUM)), now=lambda: NOW, **variables)
        return Client(Server(create_app(config, now=lambda: NOW)))

    return made
