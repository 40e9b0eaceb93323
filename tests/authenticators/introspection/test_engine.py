import asyncio
import base64
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from app.authenticators.chain import Chain
from app.authenticators.introspection.engine import Introspection
from app.errors import AuthenticatorUnavailable, InvalidCredential, NoSession
from app.testing import check_authenticator
from tests.authenticators.introspection.hosts import Answer, Host, request, running
from tests.in_process import Load, problems
from tests.samples import PANDIUM

SESSION = ("Cookie", "sessionid=ada-1")
ADA = {
    "id": 17,
    "email": "ada@acme.example",
    "name": "Ada Lovelace",
    "org": {"id": "acme", "name": "Acme"},
}
OPEN_TOKEN = {
    "active": True,
    "iss": "https://login.example",
    "aud": ["other", "marketplace"],
    "sub": "u-17",
    "client_id": "shop",
    "scope": "openid marketplace",
    "token_type": "Bearer",
    "email": "ada@acme.example",
    "exp": 2_000_000_000,
}

Make = Callable[..., Awaitable[Chain]]


def json_answer(value: object, **kwargs: Any) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(value, **kwargs)

    return answer


def body_answer(body: bytes, content_type: str = "application/json", status: int = 200) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": content_type}, status=status)

    return answer


ASKING = {"MODE": "rfc7662", "CLIENT_ID": "me", "CLIENT_SECRET": "s3cret"}


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with running(json_answer(ADA)) as host:
        yield host


@pytest.fixture
async def made(load: Load) -> AsyncIterator[Make]:
    """Make what the service asks with, from the variables of one introspection."""
    engines: list[Introspection] = []

    async def make(preset: str = "introspection", **variables: str) -> Chain:
        prefix = f"AUTH_{preset.upper().replace('-', '_')}_"
        own = {prefix + name: value for name, value in variables.items()}
        config = load(PANDIUM, own, SSO_AUTHENTICATORS=preset)
        engine = config.authenticators[preset]
        assert isinstance(engine, Introspection)
        engines.append(engine)
        await engine.start()
        return Chain(authenticators=config.authenticators, timeout_seconds=5)

    yield make
    for engine in engines:
        await engine.stop()


def cookies(host: Host) -> dict[str, str]:
    return {"URL": host.url, "FORWARD_COOKIES": "sessionid"}


def token_server(host: Host) -> dict[str, str]:
    credentials = {"CLIENT_ID": "market:place", "CLIENT_SECRET": "s3cret/with+signs"}
    rules = {"ISSUER": "https://login.example", "AUDIENCE": "marketplace"}
    return {"URL": host.url, "FORWARD_COOKIES": "token", **credentials, **rules}


async def test_the_host_says_who_is_signed_in(host: Host, made: Make) -> None:
    identity = (await (await made(**cookies(host)))(request(SESSION))).identity

    assert identity.subject == "17"
    assert identity.email == "ada@acme.example"
    assert identity.name == "Ada Lovelace"
    assert (identity.org_id, identity.org_name) == ("acme", "Acme")
    assert identity.expires_at is None
    assert [(each.method, each.path) for each in host.asked] == [("GET", "/api/me")]


async def test_only_what_is_named_goes_to_the_host(host: Host, made: Make) -> None:
    authenticate = await made(
        URL=host.url,
        FORWARD_COOKIES="sessionid, csrf,absent",
        FORWARD_HEADERS="X-Device,X-Absent",
    )

    await authenticate(
        request(
            ("Host", "sso.acme.example"),
            ("Cookie", "other=1; sessionid=ada-1;sessionid2=x"),
            ("Cookie", 'csrf="a=b"; a'),
            ("X-Device", "d-1"),
            ("X-Other", "o-1"),
            ("Authorization", "Bearer somebody"),
        )
    )

    (asked,) = host.asked
    assert asked.headers["Cookie"] == 'sessionid=ada-1; csrf="a=b"'
    assert asked.headers["X-Device"] == "d-1"
    assert asked.headers["Host"] == f"127.0.0.1:{host.port}"
    assert set(asked.headers) == {
        *("Host", "Cookie", "x-device", "Accept", "Accept-Encoding", "User-Agent", "Connection")
    }


@pytest.mark.parametrize(
    "headers",
    [(), (("Cookie", "other=1"),), (("Cookie", "sessionid="),), (("X-Device", "d-1"),)],
    ids=["nothing", "another cookie", "an empty one", "a header alone"],
)
async def test_without_a_named_cookie_nobody_is_asked(
    host: Host, made: Make, headers: tuple[tuple[str, str], ...]
) -> None:
    with pytest.raises(NoSession):
        await (await made(**cookies(host), FORWARD_HEADERS="X-Device"))(request(*headers))

    assert host.asked == []


@pytest.mark.requirement("R26")
@pytest.mark.parametrize(
    "headers",
    [
        (("Cookie", "sessionid=a; sessionid=b"),),
        (("Cookie", "sessionid=a; sessionid=a"),),
        (("Cookie", "sessionid=a"), ("Cookie", "sessionid=b")),
        (("Cookie", "sessionid"),),
        (("Cookie", "sessionid; sessionid=a"),),
        (("Cookie", "sessionid=a b"),),
        (("Cookie", "sessionid=a\tb"),),
        (("Cookie", 'sessionid="a'),),
        (("Cookie", "sessionid=a,b"),),
        (("Cookie", "sessionid=a\\b"),),
        (("Cookie", b"sessionid=a\xff"),),
        (("Cookie", b"sessionid=a\x00"),),
        (("Cookie", b"sessionid=a\r\nX: y"),),
        (("Cookie", "sessionid.0=a; sessionid.1=b"),),
        (("Cookie", "sessionidC1=a"),),
        (("Cookie", "sessionid=" + "a" * 33_000),),
        (("Cookie", "a=b;" * 8_200), ("Cookie", "sessionid=a; c=d")),
    ],
    ids=lambda value: value[0][1][:24] if isinstance(value, tuple) else None,
)
async def test_an_ambiguous_cookie_is_refused_and_nobody_is_asked(
    host: Host, made: Make, headers: tuple[tuple[str, str | bytes], ...]
) -> None:
    with pytest.raises(InvalidCredential) as refused:
        await (await made(**cookies(host)))(request(*headers))

    assert host.asked == []
    assert "=a" not in str(refused.value)


async def test_a_session_in_several_cookies_goes_to_the_host_if_each_is_named(
    host: Host, made: Make
) -> None:
    ask = await made(URL=host.url, FORWARD_COOKIES="sessionid,sessionid_0,sessionid_1")

    await ask(request(("Cookie", "sessionid_0=a; sessionid_1=b")))
    with pytest.raises(InvalidCredential, match="in chunks"):
        await ask(request(("Cookie", "sessionid_0=a; sessionid_1=b; sessionid_2=c")))

    assert [asked.headers["Cookie"] for asked in host.asked] == ["sessionid_0=a; sessionid_1=b"]


@pytest.mark.parametrize(
    "headers", [(("X-Device", "1"), ("X-Device", "2")), (("X-Device", b"caf\xc3\xa9"),)]
)
async def test_an_ambiguous_header_is_refused_and_nobody_is_asked(
    host: Host, made: Make, headers: tuple[tuple[str, str | bytes], ...]
) -> None:
    with pytest.raises(InvalidCredential):
        await (await made(**cookies(host), FORWARD_HEADERS="X-Device"))(request(SESSION, *headers))

    assert host.asked == []


@pytest.mark.parametrize("status", [401, 403, 301, 302, 303, 307, 308, 304])
async def test_a_no_of_the_host_is_no_session(host: Host, made: Make, status: int) -> None:
    host.answer = body_answer(b"{}", status=status)

    with pytest.raises(InvalidCredential):
        await (await made(**cookies(host)))(request(SESSION))


@pytest.mark.parametrize("status", [400, 404, 429, 500, 502, 503])
async def test_neither_yes_nor_no_is_unavailable(host: Host, made: Make, status: int) -> None:
    host.answer = json_answer(ADA, status=status)

    with pytest.raises(AuthenticatorUnavailable):
        await (await made(**cookies(host)))(request(SESSION))


async def test_a_redirect_is_never_followed(host: Host, made: Make) -> None:
    async def to_another_place(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/login"})

    host.answer = to_another_place
    with pytest.raises(InvalidCredential):
        await (await made(**cookies(host)))(request(SESSION))

    assert [each.path for each in host.asked] == ["/api/me"]


@pytest.mark.parametrize(
    "answer",
    [
        body_answer(b"<form>sign in</form>", "text/html"),
        body_answer(json.dumps(ADA).encode(), "text/plain"),
        body_answer(json.dumps(ADA).encode(), "application/problem+json"),
        body_answer(b"", status=204),
        body_answer(b""),
        body_answer(b"null"),
        body_answer(b"{}"),
        body_answer(b"[]"),
        body_answer(b'{"id": 17'),
        body_answer(b'{"id": 17, "id": 18}'),
        body_answer(b"\xef\xbb\xbf" + json.dumps(ADA).encode()),
        body_answer(b'{"id": 17, "exp": NaN}'),
        body_answer(b'{"id": 17, "exp": "tomorrow"}'),
        body_answer(b"[" * 20_000),
        body_answer(b'{"id": 17, "a": ' + b"[" * 20 + b"]" * 20 + b"}"),
        body_answer(b'{"id": ""}'),
        body_answer(b'{"id": true}'),
        body_answer(b'{"id": 17, "email": "a@b@c"}'),
        body_answer(b'{"id": "a\\u0000b"}'),
        body_answer(b'{"id": 17, "email": "' + b"a" * 65_536 + b'"}'),
    ],
)
async def test_a_200_that_is_no_profile_is_no_session(
    host: Host, made: Make, answer: Answer
) -> None:
    host.answer = answer

    with pytest.raises(InvalidCredential):
        await (await made(**cookies(host)))(request(SESSION))


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (body_answer(b"<form>", "text/html; charset=utf-8"), "'text/html; charset=utf-8', wanted"),
        (body_answer(b"{}", "application/vnd.api+json"), "'application/vnd.api+json', wanted"),
        (body_answer(b'{"user": {"id": 17}, "ok": true}'), "found 'user', 'ok', wanted 'id' (SUBJ"),
        (body_answer(b'{"id": null}'), "found 'id', wanted 'id' (SUBJECT_CLAIM)"),
        (body_answer(b'{"a\\u202e\\nb": 1}'), r"found 'a\u202e\nb', wanted 'id'"),
        (body_answer(b"", status=204), "answers 204, wanted 200 with application/json"),
        (body_answer(b"{}", status=201), "answers 201, wanted 200 with application/json"),
    ],
)
async def test_what_came_instead_of_a_profile_is_told(
    host: Host, made: Make, answer: Answer, reason: str
) -> None:
    host.answer = answer

    with pytest.raises(InvalidCredential, match=re.escape(reason)):
        await (await made(**cookies(host)))(request(SESSION))


async def test_a_profile_with_a_character_set_and_of_64_kib_is_read(host: Host, made: Make) -> None:
    padding = b"a" * (65_536 - len(b'{"id": 17, "x": ""}'))
    body = b'{"id": 17, "x": "' + padding + b'"}'
    host.answer = body_answer(body, "Application/JSON; charset=utf-8")

    assert (await (await made(**cookies(host)))(request(SESSION))).identity.subject == "17"
    assert len(body) == 65_536


async def test_of_an_endless_answer_little_is_read(host: Host, made: Make) -> None:
    sent = 0

    async def endless(asked: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(asked)
        for _ in range(800):
            await response.write(b" " * 65_536)
            sent += 65_536
        return response

    host.answer = endless
    with pytest.raises(InvalidCredential, match="over 65536 bytes"):
        await (await made(**cookies(host)))(request(SESSION))

    assert sent < 50_000_000


async def test_what_is_compressed_all_the_same_is_not_unpacked(host: Host, made: Make) -> None:
    async def compressed(_: web.Request) -> web.Response:
        response = web.json_response(ADA)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    host.answer = compressed
    with pytest.raises(InvalidCredential, match="packed with gzip, which was not asked for"):
        await (await made(**cookies(host)))(request(SESSION))


@pytest.mark.requirement("R28")
async def test_a_host_that_hangs_is_unavailable(host: Host, made: Make) -> None:
    let_go = asyncio.Event()

    async def hanging(_: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response()

    async def dripping(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(asked)
        while not let_go.is_set():
            await response.write(b" ")
            await asyncio.sleep(0.01)
        return response

    for host.answer in (hanging, dripping):
        with pytest.raises(AuthenticatorUnavailable, match=r"within 0\.2 s"):
            await (await made(**cookies(host), TIMEOUT_SECONDS="0.2"))(request(SESSION))
    let_go.set()


@pytest.mark.requirement("R28")
async def test_a_host_that_is_down_or_hangs_up_is_unavailable(host: Host, made: Make) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        down = await made(URL=f"http://127.0.0.1:{port}/api/me", FORWARD_COOKIES="sessionid")
        with pytest.raises(AuthenticatorUnavailable, match="ClientConnectorError"):
            await down(request(SESSION))

    async def hanging_up(asked: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(asked)
        assert asked.transport
        asked.transport.abort()
        return response

    host.answer = hanging_up
    with pytest.raises(AuthenticatorUnavailable):
        await (await made(**cookies(host)))(request(SESSION))


@pytest.mark.requirement("R27")
async def test_who_has_switched_or_signed_out_is_somebody_else_at_the_next_request(
    host: Host, made: Make
) -> None:
    authenticate = await made(**cookies(host))

    assert (await authenticate(request(SESSION))).identity.subject == "17"
    host.answer = json_answer({"id": 18})
    assert (await authenticate(request(SESSION))).identity.subject == "18"
    host.answer = json_answer({"error": "signed out"}, status=401)
    with pytest.raises(InvalidCredential):
        await authenticate(request(SESSION))


async def test_no_cookie_of_the_host_is_kept(host: Host, made: Make) -> None:
    authenticate = await made(**cookies(host))
    host.answer = json_answer(ADA, headers={"Set-Cookie": "sessionid=somebody; Path=/"})

    await authenticate(request(SESSION))
    await authenticate(request(SESSION))

    assert [each.headers["Cookie"] for each in host.asked] == ["sessionid=ada-1"] * 2


@pytest.mark.requirement("R58")
async def test_no_connection_is_used_again(host: Host, made: Make) -> None:
    authenticate = await made(**cookies(host))
    peers = set()

    async def answer(asked: web.Request) -> web.Response:
        assert asked.transport
        peers.add(asked.transport.get_extra_info("peername"))
        return web.json_response(ADA)

    host.answer = answer
    for _ in range(5):
        await authenticate(request(SESSION))

    assert len(peers) == 5


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def cached(
    made: Make, host: Host, clock: Clock, preset: str = "introspection", **variables: str
) -> Introspection:
    authenticate = await made(preset, **{**cookies(host), **variables})
    engine = authenticate.authenticators[preset]
    assert isinstance(engine, Introspection)
    remembering = Introspection(engine._variables, now=clock)  # noqa: SLF001 - the same with a clock
    await engine.stop()
    await remembering.start()
    engine._host = remembering._host  # noqa: SLF001 - so that the fixture closes it
    return remembering


@pytest.mark.requirement("R27")
async def test_an_answer_is_believed_for_as_long_as_is_set(host: Host, made: Make) -> None:
    clock = Clock()
    engine = await cached(made, host, clock, CACHE_SECONDS="10")

    for seconds, asked in ((0, 1), (9.9, 1), (10, 2), (15, 2), (-100, 3)):
        clock.now = 1_800_000_000 + seconds
        assert await engine(request(SESSION))
        assert len(host.asked) == asked


@pytest.mark.requirement("R27")
async def test_no_answer_is_believed_past_the_end_of_its_session(host: Host, made: Make) -> None:
    clock = Clock()
    engine = await cached(made, host, clock, CACHE_SECONDS="60")
    host.answer = json_answer({**ADA, "exp": clock.now + 5})

    identity = await engine(request(SESSION))
    clock.now += 4.9
    assert await engine(request(SESSION)) is identity
    clock.now += 0.1
    assert await engine(request(SESSION)) is not identity

    assert identity is not None
    assert identity.expires_at == 1_800_000_005
    assert len(host.asked) == 2


@pytest.mark.requirement("R27")
async def test_what_is_remembered_is_for_the_whole_credential(host: Host, made: Make) -> None:
    engine = await cached(
        made, host, Clock(), CACHE_SECONDS="60", FORWARD_COOKIES="a,b", FORWARD_HEADERS="x-c"
    )
    credentials = [
        (("Cookie", "a=1"),),
        (("Cookie", "b=1"),),
        (("Cookie", "a=1; b=1"),),
        (("Cookie", "a=1"), ("X-C", "1")),
        (("Cookie", "a=1"), ("X-C", "2")),
    ]

    for _ in range(2):
        for credential in credentials:
            await engine(request(*credential))

    assert len(host.asked) == len(credentials)


async def test_no_refusal_is_remembered_and_no_more_than_is_set(host: Host, made: Make) -> None:
    engine = await cached(made, host, Clock(), CACHE_SECONDS="60", CACHE_SIZE="2")
    host.answer = json_answer({}, status=401)
    with pytest.raises(InvalidCredential):
        await engine(request(SESSION))
    host.answer = json_answer(ADA)

    for session in ("1", "2", "3", "3", "2", "1"):
        await engine(request(("Cookie", f"sessionid={session}")))

    asked = [each.headers["Cookie"].removeprefix("sessionid=") for each in host.asked]
    assert asked == ["ada-1", "1", "2", "3", "1"]


@pytest.mark.requirement("R27")
async def test_what_one_authenticator_has_found_is_not_anothers(host: Host, load: Load) -> None:
    variables = {**cookies(host), "CACHE_SECONDS": "60"}
    config = load(
        PANDIUM,
        {f"AUTH_{name}_{key}": value for name in "AB" for key, value in variables.items()},
        SSO_AUTHENTICATORS="a=introspection,b=introspection",
    )

    for engine in config.authenticators.values():
        assert isinstance(engine, Introspection)
        await engine.start()
        assert await engine(request(SESSION))
        await engine.stop()

    assert len(host.asked) == 2


async def test_a_logins_check_answers_with_headers(host: Host, made: Make) -> None:
    headers = {
        "X-Auth-Request-User": "u-17",
        "X-Auth-Request-Email": "ada@acme.example",
        "X-Auth-Request-Preferred-Username": "Ada",
        "X-Auth-Request-Groups": "a, b",
    }
    host.answer = json_answer(None, status=202, headers=headers)

    identity = (await (await made("forward-auth", **cookies(host)))(request(SESSION))).identity

    assert identity.subject == "u-17"
    assert identity.email == "ada@acme.example"
    assert identity.name == "Ada"
    assert identity.groups == ("a", "b")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("X-Auth-Request-User", "")],
        [("X-Auth-Request-Email", "ada@acme.example")],
        [("X-Auth-Request-User", "u-17"), ("X-Auth-Request-User", "u-18")],
        [("X-Auth-Request-User", "u-17, u-18")],
        [("X-Auth-Request-User", "u" * 513)],
        [("X-Auth-Request-User", "u-17"), ("X-Auth-Request-Email", "a@b,c@d")],
    ],
)
async def test_a_logins_check_that_names_nobody_is_no_session(
    host: Host, made: Make, headers: list[tuple[str, str]]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        response = web.Response(status=202)
        for name, value in headers:
            response.headers.add(name, value)
        return response

    host.answer = answer
    with pytest.raises(InvalidCredential):
        await (await made("forward-auth", **cookies(host)))(request(SESSION))


async def test_a_tokens_server_says_whose_it_is(host: Host, made: Make) -> None:
    host.answer = json_answer(OPEN_TOKEN)

    identity = (
        await (await made("rfc7662", **token_server(host)))(request(("Cookie", "token=a+b/c=&d")))
    ).identity

    (asked,) = host.asked
    assert identity.subject == "u-17"
    assert identity.expires_at == 2_000_000_000
    assert asked.method == "POST"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert host.bodies == ["token=a%2Bb%2Fc%3D%26d"]
    credentials = base64.b64encode(b"market%3Aplace:s3cret%2Fwith%2Bsigns").decode()
    assert asked.headers["Authorization"] == f"Basic {credentials}"
    assert "Cookie" not in asked.headers


async def test_a_bearer_token_is_asked_about_too(host: Host, made: Make) -> None:
    host.answer = json_answer(OPEN_TOKEN)
    variables = {**token_server(host), "FORWARD_HEADERS": "Authorization"}
    del variables["FORWARD_COOKIES"]
    authenticate = await made("rfc7662", **variables)

    assert (await authenticate(request(("Authorization", "bearer abc")))).identity.subject == "u-17"
    for header in ("Basic abc", "Bearer", "Bearer ", "abc"):
        with pytest.raises(NoSession):
            await authenticate(request(("Authorization", header)))
    with pytest.raises(InvalidCredential):
        await authenticate(request(("Authorization", "Bearer a"), ("Authorization", "Bearer b")))

    assert host.bodies == ["token=abc"]


@pytest.mark.parametrize("active", [False, None, "true", 1, []])
async def test_a_token_that_is_not_active_is_no_session(
    host: Host, made: Make, active: object
) -> None:
    host.answer = json_answer({**OPEN_TOKEN, "active": active})

    with pytest.raises(InvalidCredential):
        await (await made("rfc7662", **token_server(host)))(request(("Cookie", "token=abc")))


async def test_a_kind_of_token_that_the_server_cannot_be_asked_about_is_no_session(
    host: Host, made: Make
) -> None:
    host.answer = json_answer({"error": "unsupported_token_type"}, status=400)

    with pytest.raises(InvalidCredential, match="unsupported_token_type"):
        await (await made("rfc7662", **token_server(host)))(request(("Cookie", "token=abc")))


@pytest.mark.parametrize(
    ("preset", "status", "body"),
    [
        ("rfc7662", 400, b'{"error": "invalid_request"}'),
        ("rfc7662", 400, b'{"error": ["unsupported_token_type"]}'),
        ("rfc7662", 400, b"unsupported_token_type"),
        ("rfc7662", 500, b'{"error": "unsupported_token_type"}'),
        ("introspection", 400, b'{"error": "unsupported_token_type"}'),
    ],
)
async def test_any_other_refusal_of_the_question_says_nothing_of_the_user(
    host: Host, made: Make, preset: str, status: int, body: bytes
) -> None:
    host.answer = body_answer(body, status=status)
    variables = token_server(host) if preset == "rfc7662" else cookies(host)
    cookie = f"{variables['FORWARD_COOKIES']}=abc"

    with pytest.raises(AuthenticatorUnavailable, match=f"answers {status}"):
        await (await made(preset, **variables))(request(("Cookie", cookie)))


@pytest.mark.parametrize("status", [401, 403])
async def test_a_tokens_server_that_does_not_know_us_says_nothing_of_the_user(
    host: Host, made: Make, status: int
) -> None:
    host.answer = json_answer({}, status=status)

    with pytest.raises(AuthenticatorUnavailable, match="CLIENT_ID"):
        await (await made("rfc7662", **token_server(host)))(request(("Cookie", "token=abc")))


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"URL": ""}, "URL"),
        ({"URL": "http://hostapp.internal/api/me"}, "URL"),
        ({"URL": "https://ada:pw@app.example/api/me"}, "URL"),
        ({"URL": "hostapp/api/me"}, "URL"),
        ({"MODE": "you"}, "MODE"),
        ({"FORWARD_COOKIES": ""}, "FORWARD_COOKIES"),
        ({"FORWARD_COOKIES": "*"}, "FORWARD_COOKIES"),
        ({"FORWARD_COOKIES": "session*"}, "FORWARD_COOKIES"),
        ({"FORWARD_COOKIES": "a;b"}, "FORWARD_COOKIES"),
        ({"FORWARD_COOKIES": "", "FORWARD_HEADERS": "Authorization"}, "FORWARD_COOKIES"),
        ({"FORWARD_HEADERS": "Host"}, "FORWARD_HEADERS"),
        ({"FORWARD_HEADERS": "X-A,Cookie"}, "FORWARD_HEADERS"),
        ({"FORWARD_HEADERS": "X_A"}, "FORWARD_HEADERS"),
        ({"TIMEOUT_SECONDS": "0"}, "TIMEOUT_SECONDS"),
        ({"CLIENT_SECRET": "s3cret"}, "CLIENT_SECRET"),
        ({"CLIENT_ID": "me"}, "CLIENT_SECRET"),
        ({"MODE": "rfc7662"}, "CLIENT_SECRET"),
        ({"AUDIENCE": "marketplace"}, "AUDIENCE"),
        ({"ISSUER": "-"}, "ISSUER"),
        ({"SCOPE": "x"}, "SCOPE"),
        ({**ASKING, "AUDIENCE": "-"}, "ISSUER"),
        ({**ASKING, "ISSUER": "https://login.example"}, "AUDIENCE"),
        ({**ASKING, "ISSUER": "-", "AUDIENCE": "-,x"}, "AUDIENCE"),
        ({**ASKING, "ISSUER": "-", "AUDIENCE": "-", "SCOPE": "-,x"}, "SCOPE"),
        ({**ASKING, "ISSUER": "-", "AUDIENCE": "-", "CLIENT_AUTH": "jwt"}, "CLIENT_AUTH"),
        ({"MODE": "rfc7662", "FORWARD_COOKIES": "a,b"}, "FORWARD_COOKIES"),
        ({"MODE": "rfc7662", "FORWARD_HEADERS": "Authorization"}, "FORWARD_COOKIES"),
        ({"MODE": "rfc7662", "FORWARD_HEADERS": "X-Token"}, "FORWARD_HEADERS"),
    ],
)
def test_a_wrong_configuration_is_named(
    load: Load, variables: dict[str, str], problem: str
) -> None:
    right = {"URL": "https://app.example/api/me", "FORWARD_COOKIES": "sessionid"}
    given = {f"AUTH_INTROSPECTION_{name}": value for name, value in {**right, **variables}.items()}

    found = problems(load, PANDIUM, given, SSO_AUTHENTICATORS="introspection")

    assert f"AUTH_INTROSPECTION_{problem}" in found
    assert "s3cret" not in str(found)


def test_plain_http_to_another_machine_has_to_be_said(load: Load) -> None:
    variables = {
        "SSO_AUTHENTICATORS": "introspection",
        "AUTH_INTROSPECTION_URL": "http://hostapp.internal/api/me",
        "AUTH_INTROSPECTION_FORWARD_COOKIES": "sessionid",
    }

    assert "ALLOW_HTTP=true" in problems(load, PANDIUM, variables)["AUTH_INTROSPECTION_URL"]
    assert load(PANDIUM, variables, AUTH_INTROSPECTION_ALLOW_HTTP="true")


async def test_no_text_of_ours_quotes_a_session(host: Host, made: Make) -> None:
    authenticate = await made(**cookies(host), CACHE_SECONDS="10")
    await authenticate(request(SESSION))
    engine = authenticate.authenticators["introspection"]

    assert isinstance(engine, Introspection)
    question = engine._questions.about(request(SESSION))  # noqa: SLF001 - what a traceback could show
    assert "ada-1" not in repr(question)
    assert "ada-1" not in repr(vars(engine._cache))  # noqa: SLF001 - what a dump could show


async def test_a_probe_is_content_with_401_only(host: Host, made: Make) -> None:
    host.answer = json_answer({"error": "signed out"}, status=401)
    (engine,) = (await made(**cookies(host))).authenticators.values()
    assert isinstance(engine, Introspection)

    (result,) = await engine.probe()

    assert result.ok
    assert result.what == host.url
    assert "Cookie" not in host.asked[0].headers


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"FORWARD_HEADERS": "X-Device,X-Forwarded-Proto"}, "https"),
        ({"FORWARD_HEADERS": "X-Device"}, None),
        ({}, None),
    ],
)
async def test_a_probe_comes_by_https_where_visitors_do(
    host: Host, made: Make, variables: dict[str, str], said: str | None
) -> None:
    (engine,) = (await made(**cookies(host), **variables)).authenticators.values()
    assert isinstance(engine, Introspection)

    await engine.probe()

    assert host.asked[0].headers.get("X-Forwarded-Proto") == said
    assert "X-Device" not in host.asked[0].headers


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("status", "location", "words"),
    [
        (200, "", "without a session"),
        (204, "", "without a session"),
        (301, "https://app.acme.example/api/me", "SECURE_PROXY_SSL_HEADER"),
        (302, "/login?next=/api/me", "401, not a redirect"),
        (302, "https://login.acme.example/", "401, not a redirect"),
        (302, "http://[", "401, not a redirect"),
        (303, "", "401, not a redirect"),
        (400, "", "ALLOWED_HOSTS"),
        (403, "", "firewall"),
        (404, "", "path of URL"),
        (405, "", "this method"),
        (500, "", "the only right answer is 401"),
    ],
)
async def test_a_probe_says_what_any_other_answer_means(
    host: Host, made: Make, status: int, location: str, words: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location} if location else {})

    host.answer = answer
    (engine,) = (await made(**cookies(host))).authenticators.values()
    assert isinstance(engine, Introspection)

    (result,) = await engine.probe()

    assert not result.ok
    assert str(status) in result.found
    assert words in f"{result.found} {result.remedy}"


async def test_a_probe_tells_of_a_host_that_is_not_there(made: Make) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/api/me"
        (engine,) = (await made(URL=url, FORWARD_COOKIES="sessionid")).authenticators.values()
        assert isinstance(engine, Introspection)

        (result,) = await engine.probe()

    assert "cannot be connected to" in result.found
    assert "reach it" in (result.remedy or "")


async def test_a_probe_tells_of_a_host_that_knows_a_user_without_a_session(
    host: Host, made: Make
) -> None:
    (engine,) = (await made(**cookies(host))).authenticators.values()
    assert isinstance(engine, Introspection)

    (result,) = await engine.probe()

    assert "without a session" in result.found
    assert "anyone" in (result.remedy or "")


async def test_a_probe_asks_a_tokens_server_about_a_token_that_nobody_has(
    host: Host, made: Make
) -> None:
    (engine,) = (await made("rfc7662", **token_server(host))).authenticators.values()
    assert isinstance(engine, Introspection)

    host.answer = json_answer({"active": False})
    assert (await engine.probe())[0].ok
    for answer in (json_answer({}, status=401), json_answer([]), json_answer({"active": "no"})):
        host.answer = answer
        (result,) = await engine.probe()

        assert "CLIENT_SECRET" in (result.remedy or "")
        assert "s3cret" not in str(result)
    host.answer = json_answer({"active": True})
    assert "anyone" in ((await engine.probe())[0].remedy or "")
    assert host.bodies == ["token=no-token"] * 5


@pytest.mark.requirement("R14", "R26", "R28")
@pytest.mark.parametrize("mode", ["introspection", "forward-auth", "rfc7662"])
async def test_the_kit_finds_nothing_wrong(host: Host, made: Make, mode: str) -> None:
    async def answer(asked: web.Request) -> web.Response:
        body = host.bodies[-1]
        known = asked.headers.get("Cookie") == "sessionid=ada-1" or body == "token=ada-1"
        if mode == "rfc7662":
            return web.json_response(OPEN_TOKEN if known else {"active": False})
        headers = {"X-Auth-Request-User": "u-17"} if known else {}
        return web.json_response(ADA, status=200 if known else 401, headers=headers)

    host.answer = answer
    variables = token_server(host) if mode == "rfc7662" else cookies(host)
    (engine,) = (await made(mode, **variables)).authenticators.values()
    name = variables["FORWARD_COOKIES"]

    await check_authenticator(engine, [("Cookie", f"{name}=ada-1")])
