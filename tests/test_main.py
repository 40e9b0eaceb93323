from collections.abc import Callable

import pytest
from falcon.inspect import inspect_routes

from app import __version__
from app.main import create_app
from tests.in_process import Load, MakeClient, problems
from tests.samples import APIFUSE, PANDIUM, PROXY

INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'


@pytest.mark.requirement("R52")
def test_these_are_all_the_routes(load: Load) -> None:
    app = create_app(load(PROXY, PANDIUM, APIFUSE, PANDIUM_INTEGRATIONS=INTEGRATIONS))

    routes = {
        route.path: {method.method for method in route.methods if not method.internal}
        for route in inspect_routes(app)
    }

    assert routes == {
        "/livez": {"GET", "HEAD"},
        "/readyz": {"GET", "HEAD"},
        "/healthz": {"GET", "HEAD"},
        "/version": {"GET", "HEAD"},
        "/metrics": {"GET"},
        "/pandium-sso": {"GET"},
        "/pandium-sso/session": {"GET"},
        "/pandium-sso/embed.js": {"GET", "HEAD"},
        "/pandium-sso/install/{integration_id}": {"GET"},
        "/pandium-sso/install/{integration_id}/session": {"GET"},
        "/apifuse-sso": {"GET"},
        "/apifuse-sso/session": {"GET"},
        "/apifuse-sso/embed.js": {"GET", "HEAD"},
        "/apifuse-sso/listing/{listing_id}": {"GET"},
        "/apifuse-sso/listing/{listing_id}/session": {"GET"},
    }


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/livez", {"status": "ok"}),
        ("/readyz", {"status": "ready"}),
        ("/healthz", {"status": "ready"}),
        ("/version", {"name": "marketplace-sso", "version": __version__}),
    ],
)
def test_health_is_told_to_anyone(client: MakeClient, path: str, body: dict[str, str]) -> None:
    answer = client().simulate_get(path, remote_addr="203.0.113.9")

    assert (answer.status_code, answer.json) == (200, body)


@pytest.mark.requirement("R62")
@pytest.mark.parametrize(
    "error", [KeyError("hush"), RecursionError(), MemoryError(), SystemExit(0)]
)
@pytest.mark.parametrize("part", ["load_authenticators", "load_destinations", "create_app"])
def test_no_exception_is_special_while_a_configuration_is_read(
    load: Load, monkeypatch: pytest.MonkeyPatch, part: str, error: BaseException
) -> None:
    monkeypatch.setattr(f"app.server.loading.{part}", raising(error))

    found = problems(load, PROXY, PANDIUM)

    assert any(f"{type(error).__name__} was raised" in wrong for wrong in found.values())
    assert "hush" not in repr(found)


def raising(error: BaseException) -> Callable[..., None]:
    def raises(*_arguments: object, **_options: object) -> None:
        raise error

    return raises
