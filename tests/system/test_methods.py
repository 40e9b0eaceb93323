"""Only a GET that a person meant signs on."""

import pytest

from .acme import ADA, SCRIPT, TOP_LEVEL
from .service import Client, Service, request
from .vendor import carries_a_token

TARGETS = (
    "/pandium-sso",
    "/pandium-sso/install/1121",
    "/apifuse-sso",
    "/apifuse-sso/listing/64b7f0c2a1",
)
METHODS = (
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "QUERY",
    "PROPFIND",
    "MKCOL",
    "LOCK",
    "REPORT",
    "SEARCH",
    "PURGE",
    "LINK",
)
UNKNOWN = ("DEBUG", "TRACK", "GETS", "XGET", "MARKET", "WEBSOCKET")
"""Methods that HTTP does not have: the parser refuses them."""


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", TARGETS)
def test_another_method_is_not_allowed_and_gets_nothing(
    client: Client, target: str, method: str
) -> None:
    answer = client.exchange(request(target, *ADA, method=method))

    assert answer.status == 405
    assert {name.strip() for name in answer["Allow"].split(",")} == {"GET"}
    assert answer.get("Location") is None
    assert not carries_a_token(answer)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("method", UNKNOWN)
@pytest.mark.parametrize("target", TARGETS)
def test_an_unknown_method_gets_nothing(client: Client, target: str, method: str) -> None:
    answer = client.exchange(request(target, *ADA, method=method))

    assert answer.status in {400, 405}
    assert answer.get("Location") is None
    assert not carries_a_token(answer)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.requirement("R25", "R31")
@pytest.mark.parametrize("method", METHODS)
def test_another_method_needs_no_less_of_a_session(client: Client, method: str) -> None:
    answer = client.exchange(request("/pandium-sso", *TOP_LEVEL, method=method))

    assert answer.status in {401, 405}
    assert not carries_a_token(answer)


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("method", ["get", "Get", "gET", "GE", "G", "GET\t", "GET\x00", "", "@GET"])
def test_an_invalid_method_is_refused(client: Client, method: str) -> None:
    answer = client.exchange(request("/pandium-sso", *ADA, method=method))

    assert answer.status in {400, 405, 501}
    assert not carries_a_token(answer)


@pytest.mark.requirement("R31")
@pytest.mark.parametrize(
    "field",
    [
        "X-HTTP-Method-Override: GET",
        "X-HTTP-Method: GET",
        "X-Method-Override: GET",
        "X-Original-Method: GET",
        "X-Forwarded-Method: GET",
    ],
)
def test_a_post_that_says_it_is_a_get_is_a_post(client: Client, field: str) -> None:
    data = request("/pandium-sso?_method=GET", *ADA, field, "Content-Length: 0", method="POST")

    answer = client.exchange(data)

    assert answer.status == 405
    assert not carries_a_token(answer)


@pytest.mark.requirement("R31")
@pytest.mark.parametrize(
    "field",
    [
        "Sec-Purpose: prefetch",
        "Sec-Purpose: prefetch;prerender",
        "Sec-Purpose: prefetch;anonymous-client-ip",
        "Sec-Purpose: prefetch ; prerender",
        "sec-purpose:prefetch",
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_a_prefetch_gets_nothing(client: Client, target: str, field: str) -> None:
    for fields in ((), TOP_LEVEL, (SCRIPT,)):
        answer = client.get(target, *ADA, field, *fields)

        assert 400 <= answer.status < 500
        assert answer.get("Location") is None
        assert not carries_a_token(answer)
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.requirement("R31")
def test_a_websocket_handshake_gets_nothing(shipped: Service) -> None:
    data = request(
        "/pandium-sso",
        *ADA,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    with shipped.connect() as connection:
        answer = connection.exchange(data)

    assert answer.status >= 400
    assert not carries_a_token(answer)


@pytest.mark.requirement("R31", "R41")
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("method", "status"), [("POST", 405), ("GET", 307), ("PUT", 405)])
def test_a_body_is_never_taken_for_the_next_request(
    shipped: Service, method: str, status: int, *, chunked: bool
) -> None:
    hidden = request("/apifuse-sso", *ADA)
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(hidden)}"
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden) if chunked else hidden
    with shipped.connect() as connection:
        connection.send(request("/pandium-sso", *ADA, framing, method=method) + body)
        assert connection.answer().status == status

        # Either the connection is closed, or it is in step: the next answer is the next request's.
        if not connection.is_closed(within_seconds=0.2):
            answer = connection.exchange(request("/livez"))
            assert answer.status == 200
            assert not carries_a_token(answer)
