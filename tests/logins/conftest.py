"""Products that take their time to start, once for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .keycloak_front import Front, serving_front


@pytest.fixture(scope="package")
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with serving_front(tmp_path_factory.mktemp("keycloak")) as front:
        yield front
