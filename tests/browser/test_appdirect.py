"""An extension of AppDirect's asks for the address with its token, in every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.testing import IssuerKey
from tests.system import vendor
from tests.system.acme import PANDIUM_SECRET

from .appdirect import ZOE, AppDirect, Desk, documented, serving_appdirect
from .engines import Engine
from .webdriver import Tab

pytestmark = pytest.mark.timeout(200)


@pytest.fixture(scope="module")
def appdirect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppDirect]:
    with serving_appdirect(tmp_path_factory.mktemp("appdirect")) as appdirect:
        yield appdirect


def shown(tab: Tab, address: str) -> str:
    """Return what the extension's page shows in the end: its message, or that of the vendor."""
    tab.open(address)

    def told() -> str | None:
        message = tab.run("return document.getElementById('message')?.textContent")
        return message or ("Marketplace" if "Marketplace" in tab.framed_text() else None)

    return str(tab.until(told, "shown anything"))


def arrived(appdirect: AppDirect) -> list[dict[str, object]]:
    """Return whom the vendor has seen."""
    queries = [asked.query for asked in appdirect.sites.asked_for(appdirect.vendor)]
    return [
        vendor.arrive(f"{appdirect.vendor}?{query}#", key=PANDIUM_SECRET, parameter="tenant").claims
        for query in queries
    ]


@pytest.mark.requirement("R39", "R71")
def test_who_is_signed_in_at_appdirect_sees_the_vendors_page(
    appdirect: AppDirect, engine: Engine, tmp_path: Path
) -> None:
    appdirect.begin()
    with engine.running(tmp_path, "usual") as tab:
        text = shown(tab, appdirect.extension())

    (user,) = arrived(appdirect)
    assert text == "Marketplace"
    assert (user["external_id"], user["sub"], user["org"]) == tuple(ZOE.values())


@pytest.mark.requirement("R39")
def test_the_script_may_send_its_cookies_along_and_appdirects_own_header(
    appdirect: AppDirect, engine: Engine, tmp_path: Path
) -> None:
    appdirect.begin("MP-Authorization")
    code = documented().replace("Authorization:", '"MP-Authorization":')
    code = code.replace("headers:", 'credentials: "include", headers:')
    assert '"MP-Authorization"' in code
    assert '"include"' in code
    with engine.running(tmp_path, "usual") as tab:
        text = shown(tab, appdirect.extension(code=code))

    assert text == "Marketplace"
    assert len(arrived(appdirect)) == 1


def another_partner(desk: Desk) -> None:
    desk.claims["tenant"] = "OTHER"


def an_old_token(desk: Desk) -> None:
    desk.seconds = -60


def a_token_of_another_key(desk: Desk) -> None:
    desk.key = IssuerKey("RS256", desk.keys.key.key_id)


def a_token_of_a_shared_secret(desk: Desk) -> None:
    desk.key = IssuerKey("HS256", desk.keys.key.key_id, secret=b"your-256-bit-secret" * 2)


def nobody(desk: Desk) -> None:
    desk.claims["sub"] = ""


REFUSED = [
    another_partner,
    an_old_token,
    a_token_of_another_key,
    a_token_of_a_shared_secret,
    nobody,
]


@pytest.mark.requirement("R39")
def test_any_other_token_is_refused_and_the_extension_reads_why(
    appdirect: AppDirect, engine: Engine, tmp_path: Path
) -> None:
    seen: dict[Callable[[Desk], None], str] = {}
    with engine.running(tmp_path, "usual") as tab:
        for change in REFUSED:
            appdirect.begin()
            change(appdirect.desk)
            seen[change] = shown(tab, appdirect.extension())
            assert arrived(appdirect) == []

    assert seen == dict.fromkeys(REFUSED, "invalid_session")


@pytest.mark.requirement("R39")
def test_a_page_of_an_origin_that_is_not_listed_reads_nothing(
    appdirect: AppDirect, engine: Engine, tmp_path: Path
) -> None:
    appdirect.begin()
    with engine.running(tmp_path, "usual") as tab:
        text = shown(tab, appdirect.extension(origin=appdirect.sites.origin("foreign.localhost")))

    assert text == "blocked by the browser"
    assert arrived(appdirect) == []
