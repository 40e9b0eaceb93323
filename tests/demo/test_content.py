"""What the marketplace's pages show besides the verdict."""

from html import unescape

import pytest
from aiohttp import ClientSession

from .claims import APIFUSE_CLAIMS, INSTALL_CLAIMS, PANDIUM_CLAIMS
from .conftest import APIFUSE_KEY, NOW, PANDIUM_KEY
from .tokens import forged, signed
from .visitor import page


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("", ["<h1>Integrations</h1>", "BambooHR"], ["every 15 minutes"]),
        ("integration_id=1121", ["<h1>Greenhouse → HubSpot</h1>"], ["BambooHR", "15 minutes"]),
        ("integration_id=1121&display=settings", ["every 15 minutes"], ["BambooHR"]),
        ("integration_id=7", ["<h1>Integrations</h1>", "There is none of this id."], ["BambooHR"]),
    ],
)
async def test_one_integration_looks_like_one(
    marketplace: str, http: ClientSession, query: str, there: list[str], not_there: list[str]
) -> None:
    token = signed(PANDIUM_CLAIMS, PANDIUM_KEY)

    _, text = await page(http, f"{marketplace}/pandium/acme?{query}&tenant={token}")

    for words in there:
        assert words in text
    for words in not_there:
        assert words not in text


async def test_the_auth_dialog_has_the_token_that_came_for_it(
    marketplace: str, http: ClientSession
) -> None:
    way_in = {"connector_name": "gwt", "integration_name": "gwt2hs", "token": "acme-7"}
    with_it = signed({**INSTALL_CLAIMS, "ti": {"xti": way_in}}, PANDIUM_KEY)
    without = signed(INSTALL_CLAIMS, PANDIUM_KEY)
    address = f"{marketplace}/pandium/acme/tenants/create/1121?tenant="

    _, filled = await page(http, address + with_it)
    _, empty = await page(http, address + without)

    assert 'name="token" value="acme-7"' in filled
    assert "stands there only" in filled
    assert 'name="token" value=""' in empty
    assert "None came" in empty


async def test_a_claim_of_another_shape_breaks_no_dialog(
    marketplace: str, http: ClientSession
) -> None:
    claims = {"iat": NOW, "jti": "1", "sub": "u", "ti": {"xti": {"token": ["<b>"], "a": 1}}}
    token = forged({"alg": "HS256", "typ": "JWT"}, claims, PANDIUM_KEY)

    _, text = await page(http, f"{marketplace}/pandium/acme/tenants/create/7?tenant={token}")

    assert "<b>" not in text
    assert "['<b>']" in unescape(text)


async def test_a_listing_is_named_by_its_path(marketplace: str, http: ClientSession) -> None:
    token = signed(APIFUSE_CLAIMS, APIFUSE_KEY)

    _, text = await page(http, f"{marketplace}/apifuse/listing/hubspot?jwt={token}")

    assert '<h2 id="one">Hubspot</h2>' in text
