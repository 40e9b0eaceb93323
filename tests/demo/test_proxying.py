import asyncio
import gzip
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, web
from yarl import URL

from app.demo.host import SERVED_BY_THE_SERVICE, Host
from app.demo.loopback import free_port, listen, port_of, serving
from app.demo.sessions import COOKIE
from app.demo.timeline import Timeline
from app.demo.users import ADA

from .conftest import Recorder
from .visitor import get, sign_in

IDENTITY = {
    "X-Forwarded-User": "u-17",
    "X-Forwarded-Email": "ada@acme.example",
    "X-Forwarded-Preferred-Username": "Ada Lindqvist",
    "X-Forwarded-Groups": "admins,integrations",
    "X-Acme-Api-Token": ADA.api_token,
}
FORGED = [
    "X-Forwarded-User",
    "x-forwarded-user",
    "X-FORWARDED-USER",
    "X_Forwarded_User",
    "X-Forwarded_User",
    "x_forwarded_email",
    "X-Forwarded-Email",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Groups",
    "X-Acme-Api-Token",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Access-Token",
    "Forwarded",
    "X-Auth-Request-User",
    "X-Auth-Request-Email",
    "Remote-User",
    "Remote_User",
    "X-Remote-User",
    "X-authentik-uid",
    "Tailscale-User-Login",
    "X-MS-CLIENT-PRINCIPAL",
    "X-Auth-Subject",
    "X-Vouch-User",
    "X-Userinfo",
    "x-jwt-payload",
    "X-Oidc-sub",
    "X-Goog-IAP-JWT-Assertion",
    "x-amzn-oidc-data",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Real-IP",
    "GAP-Signature",
    "Proxy-Authorization",
]


async def raw(host: str, request: str) -> bytes:
    """Send a request as it is and return the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(host).port)
    writer.write(request.encode("latin-1"))
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def names(request: web.Request) -> set[str]:
    return {name.lower() for name in request.headers}


async def test_a_signed_in_user_is_named_to_the_service(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    await get(http, f"{host}/pandium-sso", await sign_in(http, host))

    (asked,) = recorder.asked
    named = {name: value for name, value in asked.headers.items() if name in IDENTITY}
    assert named == IDENTITY


async def test_a_visitor_without_a_session_is_passed_on_without_a_name(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = lambda _: web.Response(status=401, text="who are you?")

    answer, text = await get(http, f"{host}/pandium-sso")

    assert (answer.status, text) == (401, "who are you?")
    assert names(recorder.asked[0]) == {"host"}


@pytest.mark.parametrize("name", FORGED)
async def test_a_visitor_cannot_name_himself(
    host: str, http: ClientSession, recorder: Recorder, name: str
) -> None:
    await get(http, f"{host}/pandium-sso", None, **{name: "u-1"})

    assert names(recorder.asked[0]) == {"host"}


@pytest.mark.parametrize("name", FORGED)
async def test_a_signed_in_user_cannot_take_another_name(
    host: str, http: ClientSession, recorder: Recorder, name: str
) -> None:
    await get(http, f"{host}/pandium-sso", await sign_in(http, host), **{name: "u-1"})

    assert "u-1" not in recorder.asked[0].headers.values()
    assert names(recorder.asked[0]) == {"host", *map(str.lower, IDENTITY)}


async def test_a_name_given_twice_or_folded_does_not_come_through(
    host: str, recorder: Recorder
) -> None:
    head = f"GET /pandium-sso HTTP/1.1\r\nHost: {urlsplit(host).netloc}\r\nConnection: close\r\n"
    for lines in (
        "X-Forwarded-User: u-1\r\nx-forwarded-user: u-2\r\n",
        "Accept: */*\r\n X-Forwarded-User: u-1\r\n",
        "X-Forwarded-User : u-1\r\n",
        "Connection: X-Forwarded-User\r\nX-Forwarded-User: u-1\r\n",
        "Accept: a\nX-Forwarded-User: u-1\r\n",
        "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Forwarded-User: u-1\r\n",
    ):
        answer = await raw(host, f"{head}{lines}\r\n")
        assert b" 500 " not in answer.splitlines()[0]

    for asked in recorder.asked:
        assert not {name for name in names(asked) if "user" in name} - {"user-agent"}


async def test_someone_without_an_email_has_no_email_header(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    await get(http, f"{host}/pandium-sso", await sign_in(http, host, {"user": "u-99"}))

    assert names(recorder.asked[0]) == {
        "host",
        "x-acme-api-token",
        "x-forwarded-user",
        "x-forwarded-preferred-username",
    }


async def test_a_name_outside_of_ascii_arrives_as_utf_8(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    form = {"name": "Zoë 王 \U0001f600\r\nX-Forwarded-Groups: admins", "email": "zoe@acme.example"}
    await get(http, f"{host}/pandium-sso", await sign_in(http, host, form))

    sent = dict(recorder.asked[0].raw_headers)
    expected = "Zoë 王 \U0001f600X-Forwarded-Groups: admins"
    assert sent[b"X-Forwarded-Preferred-Username"].decode() == expected
    assert b"X-Forwarded-Groups" not in sent


async def test_the_headers_that_the_service_decides_by_are_passed_on_without_the_cookie(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    sent = {
        "Accept": "text/html,application/json;q=0.9",
        "Accept-Language": "sv",
        "Authorization": "Bearer x",
        "Origin": "https://evil.example",
        "Referer": "https://evil.example/page",
        "Sec-Fetch-Dest": "iframe",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Purpose": "prefetch",
        "User-Agent": "a browser",
    }

    await get(http, f"{host}/pandium-sso", "a session", **sent)

    passed = dict(recorder.asked[0].headers)
    del passed["Host"]
    assert passed == sent


async def test_bytes_that_are_not_text_are_not_passed_on(host: str, recorder: Recorder) -> None:
    head = f"GET /pandium-sso HTTP/1.1\r\nHost: {urlsplit(host).netloc}\r\nConnection: close\r\n"

    answer = await raw(host, f"{head}User-Agent: a\xff\xfeb\r\n\r\n")

    assert b" 200 " in answer.splitlines()[0]
    assert recorder.asked[0].headers["User-Agent"] == "ab"


@pytest.mark.parametrize("prefix", SERVED_BY_THE_SERVICE)
@pytest.mark.parametrize(
    "rest",
    [
        "",
        "/",
        "//",
        "?",
        "/install/1121",
        "/install/1121?a=b&a=c",
        "/../login",
        "/%2e%2e/login",
        "/%73ession;x",
        "/./x",
        "?rd=//evil.example&x=%zz&y=%F0%28&z=+%20",
        "/session?a?b/c",
    ],
)
async def test_the_address_arrives_as_it_was_sent(
    host: str, recorder: Recorder, prefix: str, rest: str
) -> None:
    request = f"GET {prefix}{rest} HTTP/1.1\r\nHost: {urlsplit(host).netloc}\r\n"

    await raw(host, f"{request}Connection: close\r\n\r\n")

    assert recorder.asked[0].raw_path == (prefix if rest == "?" else prefix + rest)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"])
async def test_every_method_is_the_services_to_answer(
    host: str, http: ClientSession, recorder: Recorder, method: str
) -> None:
    recorder.answer = lambda _: web.Response(status=405, headers={"Allow": "GET"})

    async with http.request(method, f"{host}/pandium-sso", data=b"a body") as answer:
        await answer.read()

    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert recorder.asked[0].method == method
    assert recorder.bodies == [b"a body"]


async def test_the_answer_is_passed_through_with_status_headers_and_body(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    body = gzip.compress(b"a page")
    headers = [
        ("Content-Encoding", "gzip"),
        ("Content-Type", "text/html"),
        ("Vary", "Origin"),
        ("Vary", "Sec-Fetch-Site"),
        ("X-Request-Id", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Authenticate", "Basic"),
    ]
    recorder.answer = lambda _: web.Response(status=418, reason="Tea", headers=headers, body=body)

    async with http.get(f"{host}/pandium-sso") as answer:
        assert await answer.read() == body

    assert (answer.status, answer.reason) == (418, "Tea")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers.getall("Vary") == ["Origin", "Sec-Fetch-Site"]
    assert answer.headers["X-Request-Id"] == "1"
    assert "Keep-Alive" not in answer.headers
    assert "Proxy-Authenticate" not in answer.headers


async def test_a_redirect_is_passed_through_and_not_followed(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    location = f"{host}/login?tenant=a.b-_c%7E#"
    recorder.answer = lambda _: web.Response(status=307, headers={"Location": location})

    answer, text = await get(http, f"{host}/pandium-sso")

    assert (answer.status, answer.headers["Location"], text) == (307, location, "")
    assert len(recorder.asked) == 1


async def test_a_cookie_of_the_service_goes_to_the_browser_and_is_not_kept(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = lambda _: web.Response(headers={"Set-Cookie": "a=b"})

    first, _ = await get(http, f"{host}/pandium-sso")
    await get(http, f"{host}/pandium-sso")

    assert first.headers["Set-Cookie"] == "a=b"
    assert "Cookie" not in recorder.asked[1].headers


async def test_a_body_of_two_megabytes_is_refused_here(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    async with http.post(f"{host}/pandium-sso", data=BytesIO(bytes(2 * 1024**2))) as answer:
        assert answer.status == 413

    assert recorder.asked == []


async def test_a_missing_service_is_a_bad_gateway(http: ClientSession) -> None:
    listener = listen(0)
    origin = f"http://localhost:{port_of(listener)}"
    service = f"http://127.0.0.1:{free_port()}"
    application = Host(
        origin, service=service, marketplace="", foreign="", client=http, timeline=Timeline()
    ).application()
    async with (
        serving(application, listener),
        http.get(URL(f"{origin}/pandium-sso"), headers={"Cookie": f"{COOKIE}=x"}) as answer,
    ):
        assert answer.status == 502
        assert await answer.text() == "The service does not answer."
