"""Products that take their time to start, once for all tests; and the proxies with oauth2-proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from _pytest.mark import ParameterSet

from app.testing import FakeIdentityProvider
from tests.in_process import Load

from .arrivals import Login
from .keycloak_front import Front, serving_front
from .needed import needs
from .oauth2_proxies import ITSELF, WHERE


@pytest.fixture(scope="package")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with serving_front(tmp_path_factory.mktemp("keycloak")) as front:
        yield front


def parameter(name: str) -> ParameterSet:
    marks = [pytest.mark.login(f"oauth2-proxy {WHERE[name]}")]
    return pytest.param(name, marks=marks if name == ITSELF else [*marks, needs(name)])


@pytest.fixture(scope="module", params=[parameter(name) for name in WHERE])
def proxy(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def provider() -> Iterator[FakeIdentityProvider]:
    with FakeIdentityProvider() as provider:
        yield provider


@pytest.fixture
def login(load: Load, provider: FakeIdentityProvider, monkeypatch: pytest.MonkeyPatch) -> Login:
    monkeypatch.delenv("WEBSITE_AUTH_ENABLED", raising=False)
    return Login(load, provider)
