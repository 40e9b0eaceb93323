from collections.abc import AsyncIterator
from html import unescape

import pytest
from aiohttp import ClientSession

from app.demo.loopback import listen, port_of, serving
from app.demo.marketplace import Marketplace
from app.demo.rows import Row
from app.demo.timeline import Timeline
from app.destinations.rows import Row as Vendor

from .conftest import NOW
from .tokens import signed

KEY = b"k" * 43
ADDRESS = "https://market.example.com"
VENDORS = [
    Vendor(name="query", address=ADDRESS, parameter="jwt"),
    Vendor(name="form", address=ADDRESS, parameter="jwt", delivery="form"),
    Vendor(name="path", address=f"{ADDRESS}/sso/{{token}}"),
    Vendor(name="behind", address=ADDRESS, fragment="{token}"),
]
TOKEN = signed({"sub": "<b>Ada</b>", "iat": NOW - 5}, KEY)
FORGED = signed({"sub": "eve"}, b"x" * 43)


@pytest.fixture
async def rows() -> AsyncIterator[str]:
    listener = listen(0)
    application = Marketplace(
        "http://127.0.0.1:8090",
        host="http://localhost:8080",
        keys={},
        timeline=Timeline(),
        rows={vendor.name: Row(vendor, KEY) for vendor in VENDORS},
        now=lambda: NOW,
    ).application()
    async with serving(application, listener):
        yield f"http://127.0.0.1:{port_of(listener)}/rows"


async def visit(
    http: ClientSession, address: str, form: dict[str, str] | None = None
) -> tuple[int, str]:
    async with http.request("GET" if form is None else "POST", address, data=form) as answer:
        return answer.status, unescape(await answer.text())


WAYS = [
    ("query?jwt={}", None),
    ("query/sso?a=b&jwt={}", None),
    ("form", {"jwt": "{}"}),
    ("path/sso/{}", None),
    ("behind", {"fragment": "{}"}),
]


def filled(path: str, form: dict[str, str] | None, token: str) -> tuple[str, dict[str, str] | None]:
    return path.format(token), form and {name: v.format(token) for name, v in form.items()}


@pytest.mark.parametrize(("path", "form"), WAYS)
async def test_a_token_is_found_where_its_row_sends_it_and_shown(
    rows: str, http: ClientSession, path: str, form: dict[str, str] | None
) -> None:
    path, form = filled(path, form, TOKEN)

    status, text = await visit(http, f"{rows}/{path}", form)

    assert status == 200
    assert "Verified" in text
    assert "The signature holds. The token is fresh." in text
    assert '"alg": "HS256"' in text


@pytest.mark.parametrize(("path", "form"), WAYS)
async def test_a_forged_token_is_refused_and_still_shown(
    rows: str, http: ClientSession, path: str, form: dict[str, str] | None
) -> None:
    path, form = filled(path, form, FORGED)

    status, text = await visit(http, f"{rows}/{path}", form)

    assert status == 401
    assert "The signature was not made with this row's key." in text
    assert '"sub": "eve"' in text


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("query", None, "No tokens came"),
        ("query", {"jwt": TOKEN}, "No tokens came"),
        (f"query?jwt={TOKEN}&jwt={TOKEN}", None, "2 tokens came"),
        ("query?jwt=rubbish", None, "three parts"),
        (f"form?jwt={TOKEN}", {}, "No tokens came"),
        (f"path?jwt={TOKEN}", None, "No tokens came"),
    ],
)
async def test_a_token_in_another_place_than_its_row_says_is_refused(
    rows: str, http: ClientSession, path: str, form: dict[str, str] | None, words: str
) -> None:
    status, text = await visit(http, f"{rows}/{path}", form)

    assert status == 401
    assert words in text


async def test_what_a_token_says_is_escaped(rows: str, http: ClientSession) -> None:
    async with http.get(f"{rows}/query/<i>?jwt={TOKEN}") as answer:
        text = await answer.text()
        policy = answer.headers["Content-Security-Policy"]

    assert "&lt;b&gt;Ada" in text
    assert "<b>" not in text
    assert "<i>" not in text
    assert "frame-ancestors http://localhost:8080" in policy


async def test_a_token_behind_the_fragment_is_posted_by_a_script(
    rows: str, http: ClientSession
) -> None:
    status, text = await visit(http, f"{rows}/behind")
    script_status, script = await visit(http, f"{rows.removesuffix('/rows')}/row.js")

    assert status == script_status == 200
    assert "No token yet" in text
    assert 'src="/row.js"' in text
    assert "location.hash" in script


async def test_a_token_without_a_time_has_no_age(rows: str, http: ClientSession) -> None:
    _, text = await visit(http, f"{rows}/query?jwt={signed({}, KEY)}")

    assert "The token is of unknown age." in text


async def test_scripts_are_told_the_same_as_json(rows: str, http: ClientSession) -> None:
    headers = {"Accept": "application/json"}
    async with http.get(f"{rows}/query?jwt={TOKEN}", headers=headers) as answer:
        told = await answer.json()

    assert told["state"] == "verified"
    assert told["age_seconds"] == 5


@pytest.mark.parametrize("path", ["nobody", "nobody/x", ""])
async def test_an_unknown_row_is_not_found(rows: str, http: ClientSession, path: str) -> None:
    assert (await visit(http, f"{rows}/{path}"))[0] == 404
