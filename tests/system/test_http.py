"""The bytes of HTTP: what is no single, plain request is refused, and the line is hung up."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .acme import ADA
from .service import Client, Service, request
from .vendor import carries_a_token, origin

HEAD = "\r\n".join(("GET /pandium-sso HTTP/1.1", "Host: sso.acme.example", *ADA, ""))
POST = HEAD.replace("GET", "POST", 1)
HIDDEN = request("/pandium-sso", *ADA)
ORIGINS = ("https://imp.pandium.io", "https://imp.pandium.com", "https://acme.apifuse.io")

AMBIGUOUS = {
    "length and chunked": f"{POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "both on a get": f"{HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": f"{POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "one length twice": f"{POST}Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "two lengths in one field": f"{POST}Content-Length: 5, 6\r\n\r\nabcdef",
    "one length twice in one field": f"{POST}Content-Length: 5, 5\r\n\r\nabcde",
    "length with a sign": f"{POST}Content-Length: +5\r\n\r\nabcde",
    "negative length": f"{POST}Content-Length: -5\r\n\r\nabcde",
    "length with an underscore": f"{POST}Content-Length: 1_0\r\n\r\nabcdefghij",
    "hexadecimal length": f"{POST}Content-Length: 0x5\r\n\r\nabcde",
    "length of other digits": f"{POST}Content-Length: \u0665\r\n\r\nabcde",
    "no length in it": f"{POST}Content-Length: \r\n\r\n",
    "fraction of a length": f"{POST}Content-Length: 5.0\r\n\r\nabcde",
    "bare LF after the request line": HEAD.replace("HTTP/1.1\r\n", "HTTP/1.1\n", 1) + "\r\n",
    "bare LF between fields": HEAD.replace("example\r\nX-", "example\nX-", 1) + "\r\n",
    "bare LF at the end": f"{HEAD}\n",
    "bare LF everywhere": f"{HEAD}\r\n".replace("\r\n", "\n"),
    "bare CR between fields": HEAD.replace("example\r\nX-", "example\rX-", 1) + "\r\n",
    "CR CR LF": f"{HEAD}X-Other: 1\r\r\n\r\n",
    "folded with a blank": f"{HEAD}X-Other: 1\r\n 2\r\n\r\n",
    "folded with a tab": f"{HEAD}X-Other: 1\r\n\t2\r\n\r\n",
    "folded length": f"{POST}Content-Length:\r\n 5\r\n\r\nabcde",
    "folded first field": HEAD.replace("\r\nHost", "\r\n Host", 1) + "\r\n",
    "NUL in a value": f"{HEAD}X-Other: 1\0002\r\n\r\n",
    "NUL in a name": f"{HEAD}X-Ot\000her: 1\r\n\r\n",
    "NUL in the path": HEAD.replace("sso HTTP", "sso\0 HTTP", 1) + "\r\n",
    "NUL for a line": f"{HEAD}\000\r\n\r\n",
    "control character in a value": f"{HEAD}X-Other: \x0b\r\n\r\n",
    "DEL in a value": f"{HEAD}X-Other: \x7f\r\n\r\n",
    "space before the colon": f"{HEAD}X-Other : 1\r\n\r\n",
    "tab before the colon": f"{HEAD}X-Other\t: 1\r\n\r\n",
    "space before a colon that frames": f"{POST}Content-Length : 5\r\n\r\nabcde",
    "space before another that frames": f"{POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "space in a name": f"{HEAD}X Other: 1\r\n\r\n",
    "no name": f"{HEAD}: 1\r\n\r\n",
    "no colon": f"{HEAD}X-Other\r\n\r\n",
    "two hosts": f"{HEAD}Host: evil.example\r\n\r\n",
    "one host twice": f"{HEAD}Host: sso.acme.example\r\n\r\n",
    "chunked in HTTP/1.0": POST.replace("1.1", "1.0", 1)
    + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": f"{POST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in two fields": f"{POST}Transfer-Encoding: chunked\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked not at the end": f"{POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "no chunked at all": f"{POST}Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
    "unknown coding": f"{POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding with a vertical tab": f"{POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding in quotes": f'{POST}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "coding with a parameter": f"{POST}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
    "empty coding": f"{POST}Transfer-Encoding: \r\n\r\n",
    "chunk size with a sign": f"{POST}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n",
    "chunk size with a prefix": f"{POST}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "chunk size with a blank": f"{POST}Transfer-Encoding: chunked\r\n\r\n 0\r\n\r\n",
    "chunk size with an LF": f"{POST}Transfer-Encoding: chunked\r\n\r\n0\n\r\n",
    "chunk without an end": f"{POST}Transfer-Encoding: chunked\r\n\r\n1\r\naXX0\r\n\r\n",
    "chunk extension with an LF": f"{POST}Transfer-Encoding: chunked\r\n\r\n0;a\n\r\n\r\n",
    "no version": "GET /pandium-sso\r\n\r\n",
    "HTTP/0.9": "GET /pandium-sso HTTP/0.9\r\n\r\n",
    "HTTP/2 in words": HEAD.replace("1.1", "2.0", 1) + "\r\n",
    "lower-case version": HEAD.replace("HTTP/1.1", "http/1.1", 1) + "\r\n",
    "version with a blank": HEAD.replace("HTTP/1.1", "HTTP/1.1 ", 1) + "\r\n",
    "two blanks": HEAD.replace("GET ", "GET  ", 1) + "\r\n",
    "tab for a blank": HEAD.replace("GET ", "GET\t", 1) + "\r\n",
    "blank in the path": HEAD.replace("sso HTTP", "sso x HTTP", 1) + "\r\n",
    "byte beyond ASCII in the path": HEAD.replace("sso HTTP", "sso\xff HTTP", 1) + "\r\n",
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS hello": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.requirement("R41")
@pytest.mark.parametrize("shape", AMBIGUOUS)
def test_after_an_ambiguous_request_nothing_more_is_read(shipped: Service, shape: str) -> None:
    with shipped.connect() as connection:
        connection.send(AMBIGUOUS[shape].encode("utf-8") + HIDDEN)
        everything = connection.rest()

    [status] = re.findall(rb"(?m)^HTTP/1\.[01] (\d{3}) ", everything)
    # A transfer coding that nobody knows is "not implemented" by RFC 9112 section 6.1.
    assert status == b"400" or (status == b"501" and "coding" in shape)
    assert b"eyJ" not in everything
    assert b"\r\nlocation:" not in everything.lower()


@pytest.mark.requirement("R36", "R41")
def test_a_refused_request_is_not_told_which_server_refuses_it(shipped: Service) -> None:
    with shipped.connect() as connection:
        connection.send(AMBIGUOUS["two lengths"].encode())
        everything = connection.rest()

    assert b"gunicorn" not in everything.lower()
    assert b"python" not in everything.lower()


@pytest.mark.requirement("R41")
def test_a_request_that_comes_in_pieces_is_one_request(shipped: Service) -> None:
    data = request("/pandium-sso?display=list", *ADA)
    with shipped.connect() as connection:
        for start in range(0, len(data), 7):
            connection.send(data[start : start + 7])
        assert connection.answer().status == 307


@pytest.mark.requirement("R41")
def test_a_request_is_not_answered_before_it_is_whole(shipped: Service) -> None:
    data = request("/pandium-sso", *ADA)
    with shipped.connect() as connection:
        connection.send(data[:-1])
        assert not connection.is_closed(within_seconds=0.2)
        connection.send(data[-1:])
        assert connection.answer().status == 307


def header_section(size: int, *, fields: int = 1) -> list[str]:
    """Ada's request, filled with cookies and claims up to this many bytes of header fields."""
    lines = ["Host: sso.acme.example", *ADA]
    left = size - sum(len(line) + 2 for line in lines)
    share = left // fields
    for number in range(fields):
        this = share if number else left - share * (fields - 1)
        name = f"X-Filler-{number}: "
        lines.append(name + "x" * (this - len(name) - 2))
    assert sum(len(line) + 2 for line in lines) == size
    return lines


@pytest.mark.requirement("R42")
@pytest.mark.parametrize("fields", [1, 2, 5, 40])
@pytest.mark.parametrize("size", [1000 * 11, 1024 * 16, 1024 * 31, 1024 * 32])
def test_header_fields_up_to_32_kib_pass(shipped: Service, size: int, fields: int) -> None:
    answer = shipped.get("/pandium-sso", *header_section(size, fields=fields))

    assert answer.status == 307


@pytest.mark.requirement("R42")
@pytest.mark.parametrize("fields", [1, 2, 5, 40])
@pytest.mark.parametrize("size", [1024 * 34, 1024 * 64, 1024 * 1024])
def test_header_fields_over_32_kib_do_not(shipped: Service, size: int, fields: int) -> None:
    with shipped.connect() as connection:
        answer = connection.exchange(request("/pandium-sso", *header_section(size, fields=fields)))

    assert answer.status == 431
    assert not carries_a_token(answer)


@pytest.mark.requirement("R42")
def test_more_fields_than_any_proxy_sends_do_not_pass(shipped: Service) -> None:
    answer = shipped.get("/pandium-sso", *ADA, *(f"X-{number}: 1" for number in range(1000)))

    assert answer.status == 431
    assert not carries_a_token(answer)


@pytest.mark.requirement("R42")
def test_an_endless_header_is_cut_off(shipped: Service) -> None:
    with shipped.connect() as connection:
        connection.send(b"GET /pandium-sso HTTP/1.1\r\nX-Endless: ")
        for _ in range(64):
            connection.send(b"x" * 4096)
        everything = connection.rest()

    assert everything.startswith(b"HTTP/1.1 431 ")


@pytest.mark.requirement("R42")
@pytest.mark.parametrize("length", [100, 1000, 4000, 7000, 8000])
def test_a_long_request_line_passes(shipped: Service, length: int) -> None:
    target = "/pandium-sso?x="
    line = target + "y" * (length - len(f"GET {target} HTTP/1.1"))

    assert shipped.get(line, *ADA).status == 307


@pytest.mark.requirement("R42")
@pytest.mark.parametrize("length", [8192, 9000, 20_000, 100_000])
def test_a_longer_request_line_does_not(shipped: Service, length: int) -> None:
    target = "/pandium-sso?x="
    line = target + "y" * (length - len(f"GET {target} HTTP/1.1"))
    with shipped.connect() as connection:
        answer = connection.exchange(request(line, *ADA))

        assert answer.status == 414
        assert not carries_a_token(answer)
        assert connection.is_closed()


CHARACTERS = st.characters(codec="latin-1", exclude_characters="\r\n\0", exclude_categories=["Cc"])
FIELD = st.tuples(
    st.sampled_from(
        (
            "Accept",
            "Accept-Encoding",
            "Authorization",
            "Connection",
            "Cookie",
            "Forwarded",
            "Host",
            "Origin",
            "Purpose",
            "Range",
            "Referer",
            "Sec-Fetch-Dest",
            "Sec-Fetch-Mode",
            "Sec-Fetch-Site",
            "Sec-Purpose",
            "Upgrade",
            "X-Forwarded-Email",
            "X-Forwarded-Groups",
            "X-Forwarded-Preferred-Username",
            "X-Forwarded-User",
            "X-Request-ID",
        )
    ),
    st.sampled_from(
        ("application/json", "text/html", "navigate", "iframe", "document", "prefetch", "websocket")
    )
    | st.text(CHARACTERS, max_size=40),
)
TARGET = st.builds(
    "".join,
    st.lists(
        st.sampled_from(
            (
                "/pandium-sso",
                "/install/",
                "1121",
                "/apifuse-sso",
                "/listing/",
                "/livez",
                "/",
                "?display=",
                "&integration_id=",
                "=",
                "%",
                "%2f",
                "%00",
                "%ff",
                ";",
                "//evil.example",
                "a" * 70,
            )
        ),
        min_size=1,
        max_size=6,
    ),
)


@pytest.mark.requirement("R14", "R29")
@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(target=TARGET, fields=st.lists(FIELD, max_size=6), user=st.booleans())
def test_no_request_breaks_the_service(
    client: Client, target: str, fields: list[tuple[str, str]], *, user: bool
) -> None:
    own = [f"{name}: {value}".encode("latin-1") for name, value in fields]

    answer = client.get(
        target if target.startswith("/") else f"/{target}", *(ADA if user else ()), *own
    )

    assert answer.status < 500
    if answer.status == 307:
        assert origin(answer["Location"]) in ORIGINS


@pytest.mark.requirement("R44")
def test_half_open_connections_delay_nobody(shipped: Service) -> None:
    silent = [shipped.connect() for _ in range(150)]
    try:
        for number, connection in enumerate(silent):
            connection.send(request("/pandium-sso", *ADA)[: number % 40])
        assert shipped.get("/pandium-sso", *ADA).status == 307
        assert shipped.get("/livez").status == 200
    finally:
        for connection in silent:
            connection.close()
