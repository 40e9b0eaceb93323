import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.credentials import MAX_COOKIE_BYTES, cookie_value, header_value
from app.errors import InvalidCredential
from app.testing import make_request


@pytest.mark.parametrize(
    ("value", "credential"),
    [
        ("Bearer abc", b"abc"),
        ("bearer abc", b"abc"),
        ("BEARER abc", b"abc"),
        ("Bearer  abc", b" abc"),
        ("Bearer abc def", b"abc def"),
        ("Bearer ", b""),
        ("Bearer", b""),
        ("Basic abc", b""),
        ("Bearerabc", b""),
        ("abc", b""),
        ("", b""),
        ("\tBearer abc", b""),
    ],
)
def test_a_credential_stands_behind_its_scheme(value: str, credential: bytes) -> None:
    request = make_request([("Authorization", value)])

    assert header_value(request, b"authorization", b"bearer") == credential


def test_a_header_without_a_scheme_is_all_credential() -> None:
    request = make_request([("X-Token", "abc def")])

    assert header_value(request, b"x-token") == b"abc def"
    assert header_value(request, b"x-other") == b""


@pytest.mark.requirement("R21")
def test_an_underscore_is_another_name() -> None:
    request = make_request([("X_Token", "abc"), ("X-Token_", "abc"), ("XToken", "abc")])

    assert header_value(request, b"x-token") == b""


@pytest.mark.requirement("R22")
@pytest.mark.parametrize("second", ["abc", "", "Basic x"])
def test_a_header_that_comes_twice_is_refused(second: str) -> None:
    request = make_request([("Authorization", "Bearer abc"), ("authorization", second)])

    with pytest.raises(InvalidCredential, match="repeated"):
        header_value(request, b"authorization", b"bearer")


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["session=abc"], b"abc"),
        (["a=1; session=abc; b=2"], b"abc"),
        (["a=1;session=abc;b=2"], b"abc"),
        (["a=1", "session=abc"], b"abc"),
        (["session=a=b=="], b"a=b=="),
        (["session="], b""),
        (["a=1"], b""),
        ([], b""),
        (["Session=abc; SESSION=x"], b""),
        (["session2=x; xsession=y; session_=z; session.a=1; session-=1"], b""),
        (["session"[:-1] + "=1"], b""),
        (["; ; =; ==;;"], b""),
        (["session=abc; session.0=x; session_1=y"], b"abc"),
        (["other; session=abc; \xff=\xfe"], b"abc"),
    ],
)
def test_a_cookie_is_found_among_others(lines: list[str], value: bytes) -> None:
    request = make_request([("Cookie", line) for line in lines])

    assert cookie_value(request, b"session") == value


@pytest.mark.requirement("R26")
@pytest.mark.parametrize(
    "lines",
    [
        ["session=abc; session=abc"],
        ["session=abc; session=def"],
        ["session=abc", "session=def"],
        ["session=abc; session="],
        ["session=; session=abc"],
        ["session=abc; session =def"],
        ["session=abc; session"],
        ["session"],
        ["a=1; session ; b=2"],
        ["session.0=abc"],
        ["session.0=abc; session.1=def"],
        ["session_0=abc; session_1=def"],
        ["session-0=abc"],
        ["sessionC1=abc; sessionC2=def"],
        ["a=" + "x" * MAX_COOKIE_BYTES + "; session=abc"],
        ["session=" + "x" * MAX_COOKIE_BYTES],
        ["session=abc", *["a=" + "x" * 1000] * 40],
        [";" * (MAX_COOKIE_BYTES + 1)],
    ],
)
def test_a_cookie_that_is_ambiguous_is_refused(lines: list[str]) -> None:
    request = make_request([("Cookie", line) for line in lines])

    with pytest.raises(InvalidCredential) as refused:
        cookie_value(request, b"session")

    assert "abc" not in str(refused.value)


@pytest.mark.requirement("R26")
def test_chunks_are_no_fault_where_each_of_them_is_read() -> None:
    request = make_request([("Cookie", "session_0=abc; session_1=def")])

    assert cookie_value(request, b"session", chunks={b"session_0", b"session_1"}) == b""
    assert cookie_value(request, b"session_1", chunks={b"session_0"}) == b"def"
    with pytest.raises(InvalidCredential, match="in chunks"):
        cookie_value(request, b"session", chunks={b"session_0"})


@pytest.mark.requirement("R26")
@pytest.mark.parametrize("line", [b";" * 50_000_000, b"session=" + b"x" * 50_000_000])
def test_fifty_megabytes_of_cookies_cost_no_memory(line: bytes) -> None:
    request = make_request([("Cookie", line)])
    tracemalloc.start()

    with pytest.raises(InvalidCredential, match="longer than a browser sends"):
        cookie_value(request, b"session")

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_cookies_are_given_by_name() -> None:
    request = make_request(cookies={"a": "1", "session": "abc"})

    assert cookie_value(request, b"session") == b"abc"


@given(st.lists(st.binary(max_size=60), max_size=4), st.sampled_from([b"", b"session="]))
def test_whatever_cookies_come_there_is_a_value_or_a_refusal(
    lines: list[bytes], before: bytes
) -> None:
    request = make_request([("Cookie", before + line) for line in lines])

    try:
        value = cookie_value(request, b"session")
    except InvalidCredential:
        return
    assert b";" not in value
