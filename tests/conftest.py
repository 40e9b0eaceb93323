"""Fixtures of the in-process tests: a clean environment, and an application made from it."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings as hypothesis

from app import configuration as settings
from app.main import create_app
from tests.in_process import Client, Load, MakeClient, Server
from tests.samples import NOW, PANDIUM, PROXY

hypothesis.register_profile("untimed", deadline=None)  # machines are shared: no test by the clock
hypothesis.load_profile("untimed")


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Read the settings from exactly these variables."""

    def loaded(*groups: dict[str, str], **variables: str) -> settings.Settings:
        for name in list(os.environ):
            if name.startswith(settings.PREFIXES) or name in {"SECRETS_DIR", "WEB_CONCURRENCY"}:
                monkeypatch.delenv(name)
        for group in (*groups, variables):
            for name, value in group.items():
                monkeypatch.setenv(name, value)
        return settings.load()

    return loaded


@pytest.fixture
def client(load: Load) -> MakeClient:
    """Make a client of the application that these variables describe, at `NOW`."""

    def made(*groups: dict[str, str], **variables: str) -> Client:
        config = load(*(groups or (PROXY, PANDIUM)), **variables)
        return Client(Server(create_app(config, now=lambda: NOW)))

    return made
