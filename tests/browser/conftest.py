"""A browser, the demo, and the service among sites of other people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.system.service import Service, serving

from .asking import KEYS, asking_rows
from .chromium import CHROMIUM, running_chromium
from .demo import Demo, running_demo
from .engines import ENGINES, Engine
from .neighbours import Neighbours, serving_neighbours
from .sites import SERVICE, SIGNS_IN, Sites, serving_sites

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 10_000

NewContext = Callable[..., BrowserContext]


@dataclass(frozen=True)
class World:
    """The service as browsers see it, and the sites around it."""

    sites: Sites
    process: Service

    @property
    def service(self) -> str:
        return self.sites.origin(SERVICE)

    @property
    def host(self) -> str:
        """The host application's origin, which is another site than the service's."""
        return self.sites.origin("host.localhost")

    @property
    def near_host(self) -> str:
        """Another origin of the host application, of the service's site."""
        return self.sites.origin(f"app.{SERVICE}")

    @property
    def vendor(self) -> str:
        return self.sites.origin("vendor.localhost")

    @property
    def foreign(self) -> str:
        return self.sites.origin("foreign.localhost")

    def minted(self) -> int:
        """How many tokens the service has made so far, by its own word."""
        lines = [json.loads(line) for line in self.process.stdout.splitlines() if line[:1] == "{"]
        return sum(line["event"] == "sign_on" for line in lines)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium: apt-get install chromium")  # .ci/run installs it
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:  # noqa: ARG001 - skipped without it
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture(scope="package")
def whole_world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:  # noqa: ARG001 - the same
    with serving_sites() as sites:
        host, vendor = sites.origin("host.localhost"), sites.origin("vendor.localhost")
        near_host = sites.origin(f"app.{SERVICE}")
        rows = tmp_path_factory.mktemp("rows") / "rows.toml"
        rows.write_text(asking_rows(vendor), encoding="utf-8")
        environment = {
            "SSO_AUTHENTICATORS": "oauth2-proxy",
            "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
            "SSO_HOST_ORIGINS": f"{host},{near_host}",
            "SSO_LOGIN_URL": host + SIGNS_IN,
            "SSO_PUBLIC_URL": sites.origin(SERVICE),
            "PANDIUM_SHARED_SECRET": "pandium-4Qf0pSxkTnVb7Zr2LwHc9JdMeYuGaKi5",
            "PANDIUM_ACCOUNT": "acme",
            "PANDIUM_MARKETPLACE_URL": f"{vendor}/pandium",
            "APIFUSE_API_SECRET": "apifuse-x8RtW3mEoBz6NvPqDs1CyUhFjLgKaTi0",
            "APIFUSE_ORG_ID": "4711",
            "APIFUSE_CUSTOM_DOMAIN": f"{vendor}/apifuse",
            "SSO_DESTINATIONS_FILE": str(rows),
            **KEYS,
        }
        with serving(environment, tmp_path_factory.mktemp("service")) as service:
            sites.bind = service.bind
            yield World(sites, service)


@pytest.fixture
def world(whole_world: World) -> World:
    """The sites, empty but for the vendor's two marketplaces."""
    sites = whole_world.sites
    sites.forget()
    for path in ("/pandium", "/apifuse", "/apifuse/listing/hubspot"):
        sites.put(f"{whole_world.vendor}{path}", "<h1>Marketplace</h1>")
    return whole_world


@pytest.fixture
def new_context(browser: Browser) -> Iterator[NewContext]:
    """Make a browser of its own; no console message in it ever has a piece of a token."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def made(**options: Any) -> BrowserContext:
        context = browser.new_context(**options)
        context.set_default_timeout(WAIT_MS)
        context.on("console", lambda message: said.append(message.text))
        contexts.append(context)
        return context

    yield made
    for context in contexts:
        context.close()
    assert not [text for text in said if "eyJ" in text]


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("there is no axe-core: make node_modules/.installed")  # .ci/run has Node
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(params=ENGINES.values(), ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    if not found.is_installed:
        pytest.skip(f"there is no {found.name}: apt-get install {found.packages}")  # in .ci/run
    return found


@pytest.fixture(scope="package")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    with serving_neighbours(tmp_path_factory.mktemp("neighbours")) as around:
        yield around
