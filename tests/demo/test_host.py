from html import unescape
from http.cookies import SimpleCookie
from importlib.resources import files
from urllib.parse import quote, urlencode

import pytest
from ada_url import URL as BrowserURL  # noqa: N811 - an initialism
from aiohttp import ClientSession

from app.demo.sessions import COOKIE
from app.demo.users import SAMPLE_USERS
from app.demo.views import VIEWS, View

from .conftest import Recorder
from .visitor import get, login, sign_in


async def test_the_login_offers_the_people_of_the_company(host: str, http: ClientSession) -> None:
    answer, text = await get(http, f"{host}/login")

    assert answer.status == 200
    for user in SAMPLE_USERS:
        assert f'value="{user.subject}"' in text
        assert user.name in text


async def test_a_picked_user_is_signed_in_with_a_cookie_no_script_can_read(
    host: str, http: ClientSession
) -> None:
    answer = await login(http, host, {"user": "u-17"})

    (line,) = answer.headers.getall("Set-Cookie")
    cookie = SimpleCookie(line)[COOKIE]
    assert answer.status == 303
    assert answer.headers["Location"] == f"{host}/"
    assert len(cookie.value) == 43
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["domain"] == ""


async def test_each_session_has_an_id_of_its_own(host: str, http: ClientSession) -> None:
    assert await sign_in(http, host) != await sign_in(http, host)


async def test_a_typed_user_is_signed_in_under_the_same_id_each_time(
    host: str, http: ClientSession
) -> None:
    form = {"name": "Grace Hopper", "email": "grace@acme.example"}

    _, first = await get(http, f"{host}/", await sign_in(http, host, form))
    _, second = await get(http, f"{host}/", await sign_in(http, host, form))

    assert "Grace Hopper" in first
    assert first == second


async def test_a_typed_user_without_a_name_goes_by_the_address(
    host: str, http: ClientSession
) -> None:
    session = await sign_in(http, host, {"email": "grace@acme.example"})

    _, text = await get(http, f"{host}/", session)

    assert "grace@acme.example" in text


@pytest.mark.parametrize(
    "form", [{}, {"user": "u-1"}, {"email": ""}, {"email": " \u202e\x00"}, {"name": "Ada"}]
)
async def test_a_login_without_a_user_asks_again(
    host: str, http: ClientSession, form: dict[str, str]
) -> None:
    answer = await login(http, host, {**form, "rd": "/install"})

    assert answer.status == 400
    assert "Set-Cookie" not in answer.headers


async def test_a_failed_login_names_the_missing_field_and_keeps_the_return_address(
    host: str, http: ClientSession
) -> None:
    async with http.post(f"{host}/login", data={"rd": "/install"}) as answer:
        text = await answer.text()

    assert 'role="alert">Pick somebody, or type an e-mail address.<' in text
    assert text.count('name="rd" value="/install"') == 2


@pytest.mark.parametrize("body", [b"\xff\xfe=%ff&user", b"{}", b"&&==&", b"a=1&" * 5000])
@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded; charset=nonsense", "multipart/form-data", "text/plain"],
)
async def test_a_login_form_of_rubbish_asks_again(
    host: str, http: ClientSession, body: bytes, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    async with http.post(f"{host}/login", data=body, headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize("view", VIEWS)
async def test_each_page_frames_its_part_of_the_marketplace(
    host: str, http: ClientSession, view: View
) -> None:
    session = await sign_in(http, host)

    answer, text = await get(http, host + view.path, session)

    assert answer.status == 200
    assert f'<marketplace-embed src="{view.framed}" title="{view.name}">' in unescape(text)
    assert f'<noscript><iframe src="{view.framed}"' in unescape(text)
    assert f'src="{view.script}"' in text
    assert f'<a href="{view.path}" aria-current="true">{view.name}</a>' in text
    assert f'href="{view.framed}" target="_blank"' in unescape(text)


@pytest.mark.parametrize("session", [None, "", "x", "../../etc", "\udcff", "x; acme_session=y"])
async def test_a_page_sends_a_visitor_without_a_session_to_the_login_and_back(
    host: str, http: ClientSession, session: str | None
) -> None:
    answer, _ = await get(http, f"{host}/apifuse/listing", session)

    assert answer.status == 303
    assert answer.headers["Location"] == f"{host}/login?rd=/apifuse/listing"


async def test_signing_out_ends_the_session_for_good(host: str, http: ClientSession) -> None:
    session = await sign_in(http, host)

    headers = {"Cookie": f"{COOKIE}={session}"}
    async with http.post(f"{host}/logout", headers=headers, allow_redirects=False) as answer:
        await answer.read()
    afterwards, _ = await get(http, f"{host}/", session)

    assert answer.headers["Location"] == f"{host}/signed-out"
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert afterwards.headers["Location"] == f"{host}/login?rd=/"


async def test_an_expired_session_leaves_its_cookie_behind(host: str, http: ClientSession) -> None:
    session = await sign_in(http, host)

    headers = {"Cookie": f"{COOKIE}={session}"}
    async with http.post(f"{host}/expire", headers=headers) as answer:
        assert answer.status == 204
        assert "Set-Cookie" not in answer.headers
    afterwards, _ = await get(http, f"{host}/", session)

    assert afterwards.status == 303


async def test_who_is_signed_in_is_not_told_the_opposite(host: str, http: ClientSession) -> None:
    answer, _ = await get(http, f"{host}/signed-out", await sign_in(http, host))

    assert answer.status == 303
    assert answer.headers["Location"] == f"{host}/"


async def test_the_signed_out_page_shows_what_the_service_answers_in_a_frame(
    host: str, http: ClientSession
) -> None:
    answer, text = await get(http, f"{host}/signed-out")

    assert answer.status == 200
    assert '<iframe src="/pandium-sso"' in text


# Return addresses: where the login must not lead. The last character of each origin is the port's,
# so that a longer port or a user name before "@" is another place.
ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n//evil.example",
    "/%09/evil.example",
    "\t//evil.example",
    " //evil.example",
    "http:evil.example",
    "http:///evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "?x",
    "#x",
    "",
    "/..//evil.example",
    "/./\\evil.example",
    "/\u2028/evil.example",
    "/\u3002evil.example",
    "/\x00/evil.example",
    "/a\r\nSet-Cookie: acme_session=x",
    "/a\r\nLocation: //evil.example",
    "{host}@evil.example",
    "{host}:@evil.example",
    "{host}0/",
    "{host}.evil.example/",
    "{host}//evil.example",
    "{host}/\\evil.example",
    "{host}\\@evil.example",
    "{host}{host}//evil.example",
    "http://localhost/",
    "HTTP://EVIL.EXAMPLE/",
    "http://localhost@evil.example/",
]


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_no_return_address_leads_to_another_origin(
    host: str, http: ClientSession, address: str
) -> None:
    answer = await login(http, host, {"user": "u-17", "rd": address.format(host=host)})

    location = answer.headers.getall("Location")
    assert len(location) == 1
    assert BrowserURL(location[0], f"{host}/login").origin == host
    assert len(answer.headers.getall("Set-Cookie")) == 1


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_who_is_signed_in_is_sent_back_to_this_origin_only(
    host: str, http: ClientSession, address: str
) -> None:
    session = await sign_in(http, host)
    rd = quote(address.format(host=host), safe="")

    answer, _ = await get(http, f"{host}/login?rd={rd}", session)

    location = answer.headers.getall("Location")
    assert answer.status == 303
    assert len(location) == 1
    assert BrowserURL(location[0], f"{host}/login").origin == host


@pytest.mark.parametrize(
    "path",
    ["/", "/install", "/pandium-sso?integration_id=1121&display=settings", "/x?y=%C3%AB#z"],
)
async def test_a_return_address_of_ours_is_kept_as_a_path_or_in_full(
    host: str, http: ClientSession, path: str
) -> None:
    for address in (path, host + path):
        answer = await login(http, host, {"user": "u-17", "rd": address})

        assert answer.headers["Location"] == host + path


async def test_a_visitor_by_another_name_is_sent_to_the_one_that_has_the_cookie(
    host: str, http: ClientSession
) -> None:
    other = host.replace("localhost", "127.0.0.1")

    answer, _ = await get(http, f"{other}/install?a=b")
    rebound, _ = await get(http, f"{host}/", Host="evil.example")

    assert answer.status == 303
    assert answer.headers["Location"] == f"{host}/install?a=b"
    assert rebound.headers["Location"] == f"{host}/"


async def test_the_pages_refuse_to_be_framed_and_load_nothing_from_elsewhere(
    host: str, http: ClientSession
) -> None:
    session = await sign_in(http, host)

    for path, cookie in (("/", session), ("/login", None), ("/signed-out", None)):
        answer, _ = await get(http, host + path, cookie)
        policy = answer.headers["Content-Security-Policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "frame-src 'self' http://127.0.0.1:8090" in policy
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["demo.css", "host.js", "timeline.js"])
async def test_style_and_script_are_files_of_its_own(
    host: str, http: ClientSession, name: str
) -> None:
    answer, text = await get(http, f"{host}/{name}")

    assert answer.status == 200
    assert text == (files("app.demo.pages") / name).read_text(encoding="utf-8")


HOSTILE = "\"><script>alert(1)</script>'&$subject"


async def test_markup_in_names_and_return_addresses_is_shown_as_text(
    host: str, http: ClientSession
) -> None:
    session = await sign_in(http, host, {"name": HOSTILE, "email": f"{HOSTILE}@acme.example"})

    _, page = await get(http, f"{host}/", session)
    _, form = await get(http, f"{host}/login?rd={quote(HOSTILE)}")

    for text in (page, form):
        assert "<script>" not in text
        assert HOSTILE in unescape(text)


@pytest.mark.parametrize(
    "path",
    ["/../app/main.py", "/pages/login.html", "/login.html", "/%2e%2e/host.py", "/x"],
)
async def test_nothing_else_of_the_disk_is_served(
    host: str, http: ClientSession, path: str
) -> None:
    answer, _ = await get(http, host + path)

    assert answer.status == 404


@pytest.mark.parametrize(
    "query", ["rd", "rd=%", "rd=%ff", "rd=%00", "rd=a&rd=b", "rd=%ED%A0%80", urlencode({"rd": "é"})]
)
async def test_the_login_shows_its_form_whatever_the_address_says(
    host: str, http: ClientSession, query: str
) -> None:
    answer, text = await get(http, f"{host}/login?{query}")

    assert answer.status == 200
    assert "Who are you?" in text


async def test_the_service_is_asked_for_nothing_but_its_own_addresses(
    host: str, http: ClientSession, recorder: Recorder
) -> None:
    session = await sign_in(http, host)

    for path in ("/", "/login", "/pandium-ssox", "/apifuse", "/readyz", "/metrics"):
        await get(http, host + path, session)

    assert recorder.asked == []
