"""What the browser, the script and the balancer are told."""

import html
import json
import re
import time
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from .acme import (
    ADA,
    AS_SHIPPED,
    FRAME,
    LOGIN_URL,
    PUBLIC_URL,
    SCRIPT,
    TOP_LEVEL,
)
from .service import Answer, Client, Service, request
from .vendor import arrive, carries_a_token

HTML = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CODE = re.compile(r"[a-z][a-z0-9_]{2,40}")


def back_from(location: str, parameter: str = "rd") -> str:
    """Where the login sends the user to afterwards."""
    [address] = [value for name, value in parse_qsl(urlsplit(location).query) if name == parameter]
    return address


def assert_is_a_problem(answer: Answer) -> None:
    """RFC 9457, with a stable code and a request id."""
    problem = answer.json()
    assert answer.media_type == "application/problem+json"
    assert problem["status"] == answer.status
    assert CODE.fullmatch(problem["code"])
    assert problem["title"]
    assert problem["request_id"]


# --- nobody is signed in


@pytest.mark.parametrize(
    ("target", "back"),
    [
        ("/pandium-sso?display=list", "/pandium-sso?display=list"),
        (
            "/pandium-sso?integration_id=1121&display=settings",
            "/pandium-sso?integration_id=1121&display=settings",
        ),
        ("/pandium-sso?tenant=stolen&display=list&rd=//evil", "/pandium-sso?display=list"),
        ("/pandium-sso?utm_source=mail", "/pandium-sso"),
        ("/pandium-sso/install/1121", "/pandium-sso/install/1121"),
        ("/apifuse-sso", "/apifuse-sso"),
        ("/apifuse-sso/listing/64b7f0c2a1", "/apifuse-sso/listing/64b7f0c2a1"),
        (
            "/pandium-sso?integration_settings=a%26rd%3Dhttps://evil.example",
            "/pandium-sso?integration_settings=a%26rd%3Dhttps%3A%2F%2Fevil.example",
        ),
    ],
)
def test_the_way_back_keeps_the_deep_link_and_nothing_else(
    client: Client, target: str, back: str
) -> None:
    answer = client.get(target, *TOP_LEVEL)

    sent, wanted = urlsplit(back_from(answer["Location"])), urlsplit(PUBLIC_URL + back)
    assert answer.status == 302
    assert sent[:3] == wanted[:3]
    *kept, (name, left_at) = parse_qsl(sent.query)
    assert sorted(kept) == sorted(parse_qsl(wanted.query))
    assert name == "sso_attempt"
    assert abs(int(left_at) - time.time()) < 60


@pytest.mark.parametrize("destination", ["iframe", "frame", "fencedframe"])
def test_in_a_frame_a_page_links_to_the_login_and_nothing_redirects(
    client: Client, destination: str
) -> None:
    fields = ("Sec-Fetch-Mode: navigate", f"Sec-Fetch-Dest: {destination}")

    answer = client.get("/pandium-sso?display=list", *fields, "Sec-Fetch-Site: same-site", HTML)

    links = [html.unescape(tag) for tag in re.findall(r"<a\b[^>]*>", answer.text)]
    assert answer.status == 401
    assert answer.media_type == "text/html"
    assert answer.get("Location") is None
    assert answer.get("Refresh") is None
    assert "http-equiv" not in answer.text.lower()
    [link] = [tag for tag in links if LOGIN_URL in tag]
    assert 'target="_top"' in link
    assert f'href="{LOGIN_URL}' in link


def test_a_script_of_a_page_is_a_script_whatever_it_accepts(client: Client) -> None:
    fields = ("Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Sec-Fetch-Site: same-origin")

    answer = client.get("/pandium-sso", *fields, HTML)

    assert answer.status == 401
    assert_is_a_problem(answer)


def test_fetch_metadata_counts_more_than_what_is_accepted(client: Client) -> None:
    assert client.get("/pandium-sso", *FRAME, HTML).status == 401
    assert client.get("/pandium-sso", *TOP_LEVEL, "Accept: */*").status == 302


def test_a_session_that_does_not_hold_gets_the_login_too(client: Client) -> None:
    broken = ("X-Forwarded-User: u-17,root", "X-Forwarded-Email: ada@acme.example")

    assert client.get("/pandium-sso", *broken, *TOP_LEVEL).status == 302
    assert client.get("/pandium-sso", *broken, *FRAME).status == 401
    assert client.get("/pandium-sso", *broken, SCRIPT).status == 401


# --- every answer


ANSWERS = {
    "redirect": (307, request("/pandium-sso", *ADA)),
    "install": (307, request("/pandium-sso/install/1121", *ADA)),
    "apifuse": (307, request("/apifuse-sso", *ADA)),
    "json": (200, request("/pandium-sso", *ADA, SCRIPT)),
    "login": (302, request("/pandium-sso", *TOP_LEVEL)),
    "frame": (401, request("/pandium-sso", *FRAME)),
    "problem": (401, request("/pandium-sso", SCRIPT)),
    "missing claim": (403, request("/pandium-sso", "X-Forwarded-User: u-17", SCRIPT)),
    "missing claim, page": (403, request("/pandium-sso", "X-Forwarded-User: u-17", HTML)),
    "twice": (400, request("/pandium-sso?display=a&display=b", *ADA, SCRIPT)),
    "twice, page": (400, request("/pandium-sso?display=a&display=b", *ADA, HTML)),
    "not found": (404, request("/nothing", SCRIPT)),
    "not found, page": (404, request("/nothing", HTML)),
    "no such integration": (404, request("/pandium-sso/install/9", *ADA, SCRIPT)),
    "method": (405, request("/pandium-sso", *ADA, method="POST")),
    "unknown method": (405, request("/pandium-sso", *ADA, method="BREW")),
    "live": (200, request("/livez")),
    "ready": (200, request("/readyz")),
    "health": (200, request("/healthz")),
    "version": (200, request("/version")),
    "session": (200, request("/pandium-sso/session", *ADA)),
    "no session": (401, request("/pandium-sso/session")),
    "foreign": (403, request("/pandium-sso", *ADA, "Origin: https://evil.example")),
    "embed, method": (405, request("/pandium-sso/embed.js", method="POST")),
}


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("name", ANSWERS)
def test_no_answer_is_kept_sets_a_cookie_or_names_the_server(client: Client, name: str) -> None:
    status, data = ANSWERS[name]

    answer = client.exchange(data)

    assert answer.status == status
    assert "no-store" in answer["Cache-Control"]
    assert answer.all("Set-Cookie") == []
    assert "/" not in (answer.get("Server") or "")
    assert "gunicorn" not in (answer.get("Server") or "")
    assert answer.get("X-Powered-By") is None
    assert answer.get("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("data", [*(data for _, data in ANSWERS.values()), b"no HTTP\r\n\r\n"])
def test_every_answer_has_its_date(client: Client, data: bytes) -> None:
    (date,) = client.exchange(data).all("Date")

    assert abs(parsedate_to_datetime(date).timestamp() - time.time()) < 60


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("name", ["redirect", "install", "apifuse", "json"])
def test_an_answer_with_a_token_leaks_it_to_nobody(client: Client, name: str) -> None:
    answer = client.exchange(ANSWERS[name][1])

    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.get("ETag") is None
    assert answer.get("Last-Modified") is None


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("name", [name for name, (status, _) in ANSWERS.items() if status >= 400])
def test_an_error_has_no_internals(client: Client, name: str) -> None:
    answer = client.exchange(ANSWERS[name][1])

    for piece in ("Traceback", "falcon", "gunicorn", "python", "/app/", "site-packages", "Error("):
        assert piece.lower() not in answer.text.lower()
    if answer.media_type != "text/html":
        assert_is_a_problem(answer)


@pytest.mark.parametrize(
    "fields",
    [
        ("If-None-Match: *",),
        ("If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT",),
        ("Range: bytes=0-9",),
    ],
)
def test_a_conditional_request_gets_the_whole_answer(
    client: Client, fields: tuple[str, ...]
) -> None:
    assert client.get("/pandium-sso", *ADA, *fields).status == 307
    assert client.get("/pandium-sso", *ADA, SCRIPT, *fields).status == 200


# --- what proxies add


GERMAN = "Accept-Language: de"
EXTRA = (
    ("X-Forwarded-Host: evil.example",),
    ("X-Forwarded-Host: evil.example, other.example",),
    ("X-Forwarded-Proto: http",),
    ("X-Forwarded-Proto: https",),
    ("X-Forwarded-Proto: javascript",),
    ("X-Forwarded-Proto: https", "X-Forwarded-Ssl: off"),
    ("X-Forwarded-Protocol: ssl", "X-Forwarded-Proto: http"),
    ("X-Forwarded-Ssl: on", "X-Forwarded-Proto: http"),
    ("X-Forwarded-Proto: https", "X-Forwarded-Proto: http"),
    ("X-Forwarded-Scheme: http",),
    ("X-Url-Scheme: http",),
    ("Front-End-Https: on",),
    ("X-Forwarded-Port: 8443",),
    ("X-Forwarded-Prefix: /evil",),
    ("X-Forwarded-For: 10.9.9.9",),
    ("X-Forwarded-For: 127.0.0.1, ::1, unknown, _hidden, ' or 1=1",),
    ("X-Real-IP: 10.9.9.9",),
    ("X-Client-IP: 10.9.9.9",),
    ("Forwarded: for=10.9.9.9;host=evil.example;proto=http",),
    ("Forwarded: for=10.9.9.9;host=evil.example, for=10.8.8.8;proto=https",),
    ('Forwarded: for="[2001:db8::1]:4711";by=_x',),
    ("Forwarded: ;;;===",),
    ("X-Original-URL: /livez",),
    ("X-Original-URL: https://evil.example/pandium-sso",),
    ("X-Original-URI: /apifuse-sso",),
    ("X-Original-Method: POST",),
    ("X-Rewrite-URL: /livez",),
    ("X-Forwarded-Uri: /livez",),
    ("X-Forwarded-Method: POST",),
    ("X-Host: evil.example",),
    ("X-Forwarded-Server: evil.example",),
    ("X-HTTP-Host-Override: evil.example",),
    ("X-Auth-Request-Redirect: https://evil.example",),
    ("X-Script-Name: /evil",),
    ("Script-Name: /evil",),
    ("Script_Name: /evil",),
    ("Path-Info: /livez",),
    ("Path_Info: /livez",),
    ("Remote-User: root",),
    ("Via: 1.1 evil.example",),
    ("Host: evil.example",),
    ("Host: evil.example:8443",),
    ("Host: sso.acme.example@evil.example",),
    ("Host: sso.acme.example/../evil",),
    ("Host: 127.0.0.1",),
    ("Host: [::1]:80",),
    ("Host: localhost",),
    ("Host:",),
    ("Host: a b",),
    ("Host: xn--",),
    ("Cookie: a=b",),
    ("Cookie: " + "a=b; " * 500,),
    ("Accept-Language: en",),
    ("DNT: 1",),
    ("Max-Forwards: 0",),
    ("TE: trailers",),
    ("Connection: X-Forwarded-User",),
    ("Connection: keep-alive, X-Forwarded-Email",),
)


def without_what_is_new_each_time(answer: Answer) -> object:
    """An answer without date, request id, and what makes two tokens differ."""
    identifier = answer.get("X-Request-Id") or "-"
    fields = {
        name: value.replace(identifier, "ID")
        for name, value in answer.fields
        if name not in {"date", "location", "content-length"}
    }
    location = answer.get("Location") or ""
    if "?tenant=" in location:
        arrival = arrive(location, key=AS_SHIPPED["PANDIUM_SHARED_SECRET"], parameter="tenant")
        claims = {**arrival.claims, "iat": type(arrival.claims["iat"]), "jti": "ID"}
        location = json.dumps([arrival.address, arrival.parameters, repr(claims)])
    body = answer.body.replace(identifier.encode(), b"ID")
    if answer.media_type == "application/problem+json":
        body = json.dumps({**answer.json(), "request_id": "ID"}).encode()
    mark = r"(sso_attempt%3D)\d+"  # the second, which may end between two answers
    location, text = (re.sub(mark, r"\1NOW", each) for each in (location, body.decode()))
    return answer.status, fields, location, text


@pytest.mark.requirement("R23")
@pytest.mark.parametrize("fields", EXTRA, ids=lambda fields: ", ".join(fields)[:60])
@pytest.mark.parametrize(
    ("target", "asking"),
    [
        ("/pandium-sso", ADA),
        ("/pandium-sso?display=list", TOP_LEVEL),
        ("/pandium-sso", FRAME),
        ("/apifuse-sso", (SCRIPT,)),
        ("/nothing", (SCRIPT,)),
        ("/livez", ()),
        ("/version", ()),
    ],
    ids=["redirect", "login", "frame", "problem", "not found", "live", "version"],
)
def test_what_proxies_say_about_the_request_changes_nothing(
    client: Client, target: str, asking: tuple[str, ...], fields: tuple[str, ...]
) -> None:
    plain = client.get(target, *asking)
    answer = client.get(target, *asking, *fields)

    assert without_what_is_new_each_time(answer) == without_what_is_new_each_time(plain)


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(
    ("target", "asking"),
    [
        ("/pandium-sso", ADA),
        ("/pandium-sso?display=list", TOP_LEVEL),
        ("/apifuse-sso", (SCRIPT,)),
        ("/nothing", (SCRIPT,)),
        ("/livez", ()),
        ("/version", ()),
    ],
)
def test_a_language_changes_nothing_but_the_words_of_pages(
    client: Client, target: str, asking: tuple[str, ...]
) -> None:
    plain, german = client.get(target, *asking), client.get(target, *asking, GERMAN)
    framed, framed_german = (
        client.get("/pandium-sso", *FRAME),
        client.get("/pandium-sso", *FRAME, GERMAN),
    )

    assert without_what_is_new_each_time(german) == without_what_is_new_each_time(plain)
    assert (framed_german.status, framed_german.get("Location")) == (framed.status, None)
    assert framed_german.get("Content-Language") == "de"
    assert framed_german.get("Content-Security-Policy") == framed.get("Content-Security-Policy")


# --- the service about itself


@pytest.mark.requirement("R52")
@pytest.mark.parametrize("target", ["/livez", "/readyz", "/healthz", "/version"])
def test_health_needs_no_session_and_tells_no_secret(
    client: Client, shipped: Service, target: str
) -> None:
    for fields in ((), ADA, TOP_LEVEL, (SCRIPT,)):
        answer = client.get(target, *fields)

        told = answer.text + repr(answer.fields)
        assert answer.status == 200
        assert answer.get("Location") is None
        assert not carries_a_token(answer)
        for secret in ("PANDIUM_SHARED_SECRET", "APIFUSE_API_SECRET"):
            assert AS_SHIPPED[secret] not in told
        assert "u-17" not in told
        assert shipped.bind not in told


@pytest.mark.requirement("R52")
@pytest.mark.parametrize("target", ["/livez", "/readyz", "/healthz", "/version"])
def test_health_is_read_only(client: Client, target: str) -> None:
    for method in ("POST", "PUT", "DELETE", "BREW"):
        assert client.exchange(request(target, method=method)).status == 405
