"""The page with the ways in that fail; against the real service in test_the_real_service.py."""

import dataclasses
import re
from collections.abc import AsyncIterator
from html import unescape

import pytest
from aiohttp import ClientSession, web

from app.demo import attack_page
from app.demo.attack_page import NOT_TRIED
from app.demo.attacks import ATTEMPTS, FORGERIES, with_another_name, without_signature
from app.demo.host import Host
from app.demo.loopback import listen, port_of, serving
from app.demo.timeline import Timeline
from app.demo.verification import RefusedToken, read, verify

from .conftest import NOW, PANDIUM_KEY, Recorder
from .tokens import signed
from .visitor import get, sign_in

TOKEN = signed({"iat": NOW, "jti": "1", "sub": "ada@acme.example"}, PANDIUM_KEY)


@pytest.fixture
async def attacked(
    service: str, marketplace: str, http: ClientSession, timeline: Timeline
) -> AsyncIterator[str]:
    """A host whose marketplace is really there."""
    listener = listen(0)
    origin = f"http://localhost:{port_of(listener)}"
    application = Host(
        origin,
        service=service,
        marketplace=marketplace,
        foreign="http://127.0.0.1:9",
        client=http,
        timeline=timeline,
    ).application()
    async with serving(application, listener):
        yield origin


async def attack(http: ClientSession, host: str) -> dict[str, str]:
    """Return the outcome of each way in, by its title."""
    answer, text = await get(http, f"{host}/attacks", await sign_in(http, host))
    assert answer.status == 200
    found = re.findall(r"<h2>(.*?)</h2>\s*<p class=\"outcome\">(.*?)</p>", text)
    return {unescape(title): outcome for title, outcome in found}


async def test_only_who_is_signed_in_may_try(attacked: str, http: ClientSession) -> None:
    answer, _ = await get(http, f"{attacked}/attacks")

    assert answer.status == 303
    assert answer.headers["Location"] == f"{attacked}/login?rd=/attacks"


async def test_each_way_in_is_really_tried_and_fails_where_it_is_refused(
    attacked: str, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = lambda _: web.json_response({"code": "no_session"}, status=401)

    outcomes = await attack(http, attacked)

    failed = {attempt.title for attempt in ATTEMPTS if not attempt.may_mint}
    assert {title for title, outcome in outcomes.items() if outcome == "Failed"} == failed
    assert {request.path_qs for request in recorder.asked} >= {a.path for a in ATTEMPTS[:-1]}
    assert {request.remote for request in recorder.asked} == {"127.0.0.1", "127.0.0.2"}
    assert ["u-17", "u-23"] in [
        request.headers.getall("X-Forwarded-User", []) for request in recorder.asked
    ]


async def test_a_service_that_signs_everybody_on_is_told_so(
    attacked: str, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = lambda _: web.Response(
        status=307, headers={"Location": f"https://evil.example/?tenant={TOKEN}"}
    )

    outcomes = await attack(http, attacked)
    _, text = await get(http, f"{attacked}/attacks", await sign_in(http, attacked))

    assert {outcomes[attempt.title] for attempt in ATTEMPTS} == {"Came through"}
    assert {outcomes[title] for title, *_ in FORGERIES} == {"Failed"}
    assert f"{len(ATTEMPTS)} of {len(ATTEMPTS) + len(FORGERIES)} came through." in text
    assert TOKEN not in text


async def test_what_this_machine_cannot_try_is_said(
    attacked: str, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS, where 127.0.0.2 is nobody's."""
    (from_elsewhere,) = (attempt for attempt in ATTEMPTS if attempt.source)
    nobodys = dataclasses.replace(from_elsewhere, source="203.0.113.9")
    monkeypatch.setattr(attack_page, "ATTEMPTS", (nobodys,))

    _, text = await get(http, f"{attacked}/attacks", await sign_in(http, attacked))

    assert text.count(NOT_TRIED) == 1


@pytest.mark.parametrize("forged", [with_another_name, without_signature])
def test_a_forged_token_is_another_users_and_does_not_hold(forged: object) -> None:
    assert callable(forged)
    token = read(forged(TOKEN))

    assert token.claims["sub"] == "ben@acme.example"
    with pytest.raises(RefusedToken):
        verify(token, PANDIUM_KEY)
