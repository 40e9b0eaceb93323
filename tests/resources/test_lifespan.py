"""What opens with a worker and closes with it, and who is ready in between."""

from typing import Any

import pytest
from falcon.testing import ASGIConductor

from app import main
from app.authenticators.loading import asynchronous
from app.identity import Identity
from app.resources.lifespan import Lifespan
from app.testing import FakeIdentityProvider
from tests.in_process import Load, Server
from tests.samples import PANDIUM

PREFIX = "AUTH_CORP_"
ADA = Identity(subject="u-17", email="ada@acme.example")


class Part:
    """An authenticator that notes what is done to it."""

    def __init__(self, *, ready: bool = True, error: Exception | None = None) -> None:
        self.ready = ready
        self.calls: list[str] = []
        self._error = error

    async def start(self) -> None:
        self.calls.append("start")
        if self._error is not None:
            raise self._error

    async def stop(self) -> None:
        self.calls.append("stop")

    def __call__(self, _request: Any) -> Identity:
        return ADA


async def test_what_has_a_beginning_and_an_end_is_called_at_both() -> None:
    part, plain = Part(), lambda _request: ADA
    lifespan = Lifespan({"a": part, "b": plain, "c": asynchronous(part)})

    await lifespan.process_startup({}, {})
    await lifespan.process_shutdown({}, {})

    assert part.calls == ["start", "start", "stop", "stop"]
    assert lifespan.not_ready() == []


async def test_who_cannot_decide_is_named() -> None:
    waiting = Part(ready=False)
    lifespan = Lifespan({"a": Part(), "b": waiting, "c": asynchronous(waiting)})

    assert lifespan.not_ready() == ["b", "c"]
    waiting.ready = True
    assert lifespan.not_ready() == []


@pytest.mark.requirement("R45")
async def test_who_cannot_start_is_not_ready_and_the_worker_is_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken, other = Part(error=ValueError("secret-of-the-part")), Part()
    lifespan = Lifespan({"a": broken, "b": other})

    await lifespan.process_startup({}, {})

    assert lifespan.not_ready() == ["a"]
    assert other.calls == ["start"]
    said = capsys.readouterr().out
    assert "ValueError" in said
    assert "secret-of-the-part" not in said


def by_provider(provider: FakeIdentityProvider) -> dict[str, str]:
    return {
        "SSO_AUTHENTICATORS": "corp=jwt",
        f"{PREFIX}HEADER": "X-Token",
        f"{PREFIX}ISSUER": provider.issuer,
        f"{PREFIX}AUDIENCE": "marketplace-sso",
        f"{PREFIX}ALGORITHMS": "ES256",
        f"{PREFIX}JWKS_URL": provider.jwks_url,
        f"{PREFIX}HTTP_TIMEOUT_SECONDS": "0.5",
    }


@pytest.mark.requirement("R19", "R52")
async def test_never_loaded_is_alive_but_not_ready(load: Load) -> None:
    with FakeIdentityProvider() as provider:
        provider.behaviour = "down"
        app = main.create_app(load(PANDIUM, by_provider(provider)))
        async with ASGIConductor(Server(app)) as conductor:
            headers = {"X-Token": provider.sign()}
            signing_on = await conductor.simulate_get("/pandium-sso", headers=headers)
            alive = await conductor.simulate_get("/livez")
            ready = await conductor.simulate_get("/readyz")
            health = await conductor.simulate_get("/healthz")

    assert alive.status_code == 200
    assert (ready.status_code, health.status_code) == (503, 503)
    assert ready.json == {"status": "not ready", "authenticators": ["corp"]}
    assert signing_on.status_code == 503
    assert signing_on.json["code"] == "authenticator_unavailable"
    assert signing_on.headers["Retry-After"] == "5"
    assert sum(provider.fetches.values()) == 1


@pytest.mark.requirement("R19")
async def test_once_loaded_it_is_ready_and_stays_so(load: Load) -> None:
    with FakeIdentityProvider() as provider:
        app = main.create_app(load(PANDIUM, by_provider(provider)))
        async with ASGIConductor(Server(app)) as conductor:
            headers = {"X-Token": provider.sign(exp=4_000_000_000)}
            await conductor.simulate_get("/pandium-sso", headers=headers)
            provider.behaviour = "down"

            ready = await conductor.simulate_get("/readyz")
            signing_on = await conductor.simulate_get("/pandium-sso", headers=headers)

    assert (ready.status_code, ready.json) == (200, {"status": "ready"})
    assert signing_on.status_code == 307
