"""The foreign site of the demo; what it tries is tried for real in tests/browser."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web

from app.demo.answers import Answer
from app.demo.foreign import Foreign
from app.demo.loopback import listen, port_of, serving

HOST = "http://localhost:8080"


@pytest.fixture
async def foreign() -> AsyncIterator[str]:
    listener = listen(0)
    async with serving(
        Foreign(host=HOST, count=lambda: 7, answered=lambda: "x").application(), listener
    ):
        yield f"http://127.0.0.1:{port_of(listener)}"


async def test_its_page_may_try_the_host_and_nothing_else(
    foreign: str, http: ClientSession
) -> None:
    async with http.get(foreign) as answer:
        text = await answer.text()
        policy = answer.headers["Content-Security-Policy"]

    assert f'data-host="{HOST}"' in text
    for directive in ("frame-src 'self'", "connect-src 'self'", "img-src data:", "form-action"):
        assert directive in policy
    assert policy.count(HOST) == 4


async def test_the_number_of_sign_ons_is_reported(foreign: str, http: ClientSession) -> None:
    async with http.get(f"{foreign}/signed-on") as answer:
        assert await answer.json() == {"signed_on": 7, "answered": "x"}


@pytest.mark.parametrize("name", ["demo.css", "foreign.js"])
async def test_style_and_script_are_files_of_its_own(
    foreign: str, http: ClientSession, name: str
) -> None:
    async with http.get(f"{foreign}/{name}") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("answer", "carries"),
    [
        (web.Response(status=307, headers={"Location": "https://a.example?tenant=eyJ.e.s"}), True),
        (web.Response(status=302, headers={"Location": "/login?rd=/"}), False),
        (web.Response(body=b'{"url": "https://a.example?jwt=eyJ.e.s"}'), True),
        (web.Response(status=403, body=b'{"code": "foreign_request"}'), False),
        (web.Response(status=304), False),
    ],
)
def test_a_sign_on_is_an_answer_with_a_token(answer: web.Response, *, carries: bool) -> None:
    read = Answer.of(answer.status, answer.headers, answer.body)
    assert bool(read.token) is carries
