"""The service as shipped, and those who talk to it."""

from collections.abc import Iterator

import pytest

from .acme import AS_SHIPPED
from .service import Client, Service, serving


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Both vendors, two workers, oauth2-proxy on the same host in front."""
    with serving(AS_SHIPPED, tmp_path_factory.mktemp("shipped")) as service:
        yield service


@pytest.fixture
def client(shipped: Service) -> Iterator[Client]:
    client = Client(shipped.bind)
    yield client
    client.close()
