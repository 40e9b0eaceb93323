"""What the page beside the frame is told, and whom it is told to."""

import pytest
from aiohttp import ClientSession, web

from app.demo import timeline as room
from app.demo.answers import Answer
from app.demo.timeline import Timeline

from .conftest import NOW, PANDIUM_KEY, Recorder
from .tokens import signed
from .visitor import get, sign_in

TOKEN = signed({"iat": NOW, "jti": "1", "sub": "ada@acme.example"}, PANDIUM_KEY)
LOCATION = f"http://127.0.0.1:8090/pandium/acme?tenant={TOKEN}#"


def to_the_marketplace(_request: web.Request) -> web.Response:
    return web.Response(status=307, headers={"Location": LOCATION})


async def steps(http: ClientSession, host: str, session: str | None) -> list[dict[str, object]]:
    async with http.get(f"{host}/timeline", headers=cookie(session)) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        told: list[dict[str, object]] = (await answer.json())["steps"]
    return told


def cookie(session: str | None) -> dict[str, str]:
    return {"Cookie": f"acme_session={session}"} if session else {}


async def test_a_redirect_stands_there_with_its_token_and_the_marketplaces_verdict(
    host: str, marketplace: str, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = to_the_marketplace
    session = await sign_in(http, host)
    await get(http, f"{host}/pandium-sso?display=settings", session)
    for token in (TOKEN, signed({"sub": "eve"}, PANDIUM_KEY), ""):
        await get(http, f"{marketplace}/pandium/acme?tenant={token}")

    (step,) = await steps(http, host, session)

    assert step["asked"] == "GET /pandium-sso?display=settings"
    assert step["identity"] == {key: recorder.asked[0].headers[key] for key in step["identity"]}  # type: ignore[attr-defined] # JSON
    assert step["answer"] == {"status": 307, "location": LOCATION, "token": TOKEN, "code": ""}
    assert step["visits"] == [
        {
            "asked": "GET /pandium/acme",
            "status": 200,
            "state": "verified",
            "words": "Signed in as ada@acme.example. The signature holds. The token is fresh.",
            "objections": [],
        }
    ]


async def test_nobody_sees_the_steps_of_another_session(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = to_the_marketplace
    ada, ben = await sign_in(http, host), await sign_in(http, host, {"user": "u-23"})
    await get(http, f"{host}/pandium-sso", ada)
    await get(http, f"{host}/pandium-sso")

    assert len(await steps(http, host, ada)) == 1
    for other in (ben, None, "", "made-up"):
        assert await steps(http, host, other) == []


async def test_the_steps_outlive_an_expired_session_and_no_sign_out(
    host: str, http: ClientSession
) -> None:
    session = await sign_in(http, host)
    await get(http, f"{host}/pandium-sso", session)

    async with http.post(f"{host}/expire", headers=cookie(session)):
        assert len(await steps(http, host, session)) == 1
    async with http.post(f"{host}/logout", headers=cookie(session), allow_redirects=False):
        assert await steps(http, host, session) == []


async def test_a_broken_proxy_says_no_name_and_the_login_sends_straight_back(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    session = await sign_in(http, host)
    async with http.post(f"{host}/break", headers=cookie(session)) as answer:
        assert answer.status == 204
    await get(http, f"{host}/pandium-sso", session)
    back, _ = await get(http, f"{host}/login?rd=/install", session)
    async with http.post(f"{host}/mend", headers=cookie(session)) as answer:
        assert answer.status == 204
    await get(http, f"{host}/pandium-sso", session)

    broken, mended = recorder.asked
    assert "X-Forwarded-User" not in broken.headers
    assert mended.headers["X-Forwarded-User"] == "u-17"
    assert back.headers["Location"] == f"{host}/install"
    assert (await steps(http, host, session))[1]["asked"] == "GET /login?rd=/install"


def test_it_keeps_the_latest_of_few_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_STEPS", 3)
    monkeypatch.setattr(room, "MOST_SESSIONS", 2)
    timeline = Timeline()
    for session in "abc":
        for number in range(5):
            timeline.add(session, f"GET /{number}", Answer(200, "", "", ""))

    assert timeline.steps("a") == []
    assert [step["asked"] for step in timeline.steps("c")] == ["GET /2", "GET /3", "GET /4"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code": "no_session"}', "no_session"),
        (b'<body data-code="login_failed">', "login_failed"),
        (b"[1]", ""),
        (b"{}", ""),
        (b"\xff", ""),
        (None, ""),
    ],
)
def test_the_code_of_a_refusal_is_found_in_details_and_in_pages(body: object, code: str) -> None:
    assert Answer.of(401, {}, body).code == code
