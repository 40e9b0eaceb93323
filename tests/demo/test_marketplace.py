import json
from html import unescape
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from aiohttp import ClientSession

from .claims import APIFUSE_CLAIMS, INSTALL_CLAIMS, PANDIUM_CLAIMS
from .conftest import APIFUSE_KEY, NOW, PANDIUM_KEY
from .tokens import HEADER, forged, signed
from .visitor import page


class Way(NamedTuple):
    path: str
    parameter: str
    claims: dict[str, Any]
    key: bytes


WAYS = [
    Way("/pandium/acme", "tenant", PANDIUM_CLAIMS, PANDIUM_KEY),
    Way("/pandium/acme/tenants/create/1121", "tenant", INSTALL_CLAIMS, PANDIUM_KEY),
    Way("/apifuse", "jwt", APIFUSE_CLAIMS, APIFUSE_KEY),
    Way("/apifuse/", "jwt", APIFUSE_CLAIMS, APIFUSE_KEY),
    Way("/apifuse/listing/hubspot", "jwt", APIFUSE_CLAIMS, APIFUSE_KEY),
]


@pytest.mark.parametrize("way", WAYS)
async def test_each_page_shows_who_is_signed_in_and_the_token(
    marketplace: str, http: ClientSession, way: Way
) -> None:
    status, text = await page(
        http, f"{marketplace}{way.path}?{way.parameter}={signed(way.claims, way.key)}"
    )

    assert status == 200
    assert "Signed in as ada@acme.example" in text
    assert "<li>Nothing.</li>" in text
    assert json.dumps(way.claims, indent=2) in unescape(text)
    assert json.dumps(HEADER, indent=2) in unescape(text)


@pytest.mark.parametrize("way", WAYS)
async def test_each_page_tells_scripts_the_same_as_json(
    marketplace: str, http: ClientSession, way: Way
) -> None:
    address = f"{marketplace}{way.path}?{way.parameter}={signed(way.claims, way.key)}"
    async with http.get(address, headers={"Accept": "application/json"}) as answer:
        told = await answer.json()

    assert told == {
        "state": "verified",
        "refusal": "",
        "header": HEADER,
        "claims": way.claims,
        "person": "ada@acme.example",
        "age_seconds": NOW - way.claims["iat"],
        "objections": [],
    }


async def test_the_key_of_one_vendor_opens_nothing_at_the_other(
    marketplace: str, http: ClientSession
) -> None:
    token = signed(PANDIUM_CLAIMS, APIFUSE_KEY)

    status, text = await page(http, f"{marketplace}/pandium/acme?tenant={token}")

    assert status == 401
    assert "Refused" in text
    assert "There is no token to look at." in text


async def test_a_visitor_without_a_token_may_browse_at_one_vendor_only(
    marketplace: str, http: ClientSession
) -> None:
    pandium, refused = await page(http, f"{marketplace}/pandium/acme")
    apifuse, anonymous = await page(http, f"{marketplace}/apifuse")

    assert (pandium, apifuse) == (401, 200)
    assert "No tokens came" in refused
    assert "A visitor without a name" in anonymous


async def test_a_token_of_unknown_age_is_shown_with_its_problems(
    marketplace: str, http: ClientSession
) -> None:
    token = forged(HEADER, {"sub": "u-17", "jti": "1"}, PANDIUM_KEY)

    status, text = await page(http, f"{marketplace}/pandium/acme?tenant={token}&rd=x")

    assert status == 200
    assert "of unknown age" in text
    assert "<li>iat is missing; it is whole seconds since 1970</li>" in text
    assert "<li>rd is no parameter of this page</li>" in text


async def test_a_page_may_be_framed_by_the_host_alone_and_loads_nothing_from_elsewhere(
    marketplace: str, http: ClientSession
) -> None:
    async with http.get(f"{marketplace}/apifuse") as answer:
        policy = answer.headers["Content-Security-Policy"].split("; ")

    assert "default-src 'none'" in policy
    assert "frame-ancestors http://localhost:8080" in policy
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "messages"),
    [
        (
            "/pandium/acme",
            [{"message": "pandium-save-sync"}, {"message": "pandium-install-cancel"}],
        ),
        ("/apifuse", ["user_login_required", "listing_installation_complete"]),
    ],
)
async def test_the_buttons_post_what_the_vendor_posts(
    marketplace: str, http: ClientSession, path: str, messages: list[object]
) -> None:
    """Pandium posts objects, APIFuse strings with JSON in them."""
    _, text = await page(http, marketplace + path)
    posted = [
        json.loads(unescape(after.partition('"')[0])) for after in text.split('data-message="')[1:]
    ]
    if path == "/apifuse":
        told = [json.loads(data) for data in posted]
        assert {one["targetUrl"] for one in told} == {f"{marketplace}/apifuse/listing/hubspot"}
        posted = [one["id"] for one in told]

    assert posted == messages


@pytest.mark.parametrize("name", ["demo.css", "marketplace.js"])
async def test_style_and_script_are_files_of_its_own(
    marketplace: str, http: ClientSession, name: str
) -> None:
    status, text = await page(http, f"{marketplace}/{name}")

    assert status == 200
    assert text == (files("app.demo.pages") / name).read_text(encoding="utf-8")


HOSTILE = "<script>alert(1)</script>'\"&$person"


@pytest.mark.parametrize(
    "path",
    [
        "/pandium/{}?tenant=a.b.c",
        "/pandium/acme/tenants/create/{}?tenant=a.b.c",
        "/apifuse/listing/{}?jwt=a.b.c",
        "/pandium/acme?tenant={}",
        "/pandium/acme?{}=1",
        "/pandium/acme?tenant=x&{}",
    ],
)
async def test_markup_in_the_address_is_shown_as_text(
    marketplace: str, http: ClientSession, path: str
) -> None:
    _, text = await page(http, marketplace + path.format(quote(HOSTILE, safe="")))

    assert "<script>" not in text


@pytest.mark.parametrize("key", [PANDIUM_KEY, APIFUSE_KEY], ids=["good", "forged"])
@pytest.mark.parametrize(
    ("header", "claims"),
    [
        (HEADER, {"sub": HOSTILE, "iat": NOW, "jti": HOSTILE, HOSTILE: HOSTILE}),
        (HEADER, {"sub": {"a": [HOSTILE]}, "ti": {"ufn": HOSTILE}}),
        ({**HEADER, HOSTILE: HOSTILE}, {"sub": "u-17"}),
        ({"alg": HOSTILE}, {}),
    ],
)
async def test_markup_in_a_token_is_shown_as_text(
    marketplace: str, http: ClientSession, header: object, claims: object, key: bytes
) -> None:
    token = forged(header, claims, key)

    _, text = await page(http, f"{marketplace}/pandium/acme?tenant={token}")

    assert "<script>" not in text
    assert HOSTILE in unescape(text).replace('\\"', '"')


@pytest.mark.parametrize("key", [PANDIUM_KEY, APIFUSE_KEY], ids=["good", "forged"])
@pytest.mark.parametrize(
    "claims",
    [
        '{"sub": "\\ud800", "jti": "\\udfff"}',
        '{"sub": "\\u202egro.live", "\\u0000": "\\u0007"}',
        '{"iat": 1e999, "exp": -1e999, "nbf": NaN}',
        '{"iat": -' + "9" * 4300 + "}",
        '{"iat": [], "exp": {}, "nbf": null, "jti": [[]], "ti": [{}], "sub": {}}',
        '{"ti": {"xti": {"connector_name": {"connector_name": [{}]}}}}',
        '{"a": ' + "[" * 99 + "]" * 99 + "}",
        '{"a": ' + "[" * 2000,
        '{"": "", ".": ".", "ti.xti": 1}',
    ],
)
async def test_no_token_however_odd_is_answered_with_an_error_of_the_page(
    marketplace: str, http: ClientSession, claims: str, key: bytes
) -> None:
    token = forged(HEADER, claims, key)
    address = f"{marketplace}/pandium/acme?tenant={token}"

    status, text = await page(http, address)
    async with http.get(address, headers={"Accept": "application/json"}) as answer:
        await answer.read()

    assert status in {200, 401}
    assert answer.status == status
    assert "\u202e" not in text
    assert "\x00" not in text


@pytest.mark.parametrize(
    "query",
    [
        "tenant",
        "tenant=",
        "=",
        "&&&",
        "tenant=%",
        "tenant=%zz",
        "tenant=%00",
        "tenant=%ff.%fe.%fd",
        "tenant=..",
        "tenant=%F0%9F%98%80.e30.e30",
        "tenant[]=x",
        "tenant=x;tenant=y",
        "%ff=1",
        "jwt=x&jwt=y",
        "&".join(["tenant=x"] * 500),
    ],
)
async def test_no_query_however_odd_is_answered_with_an_error_of_the_page(
    marketplace: str, http: ClientSession, query: str
) -> None:
    pandium, _ = await page(http, f"{marketplace}/pandium/acme?{query}")
    apifuse, _ = await page(http, f"{marketplace}/apifuse?{query}")

    assert pandium == 401
    assert apifuse in {200, 401}
