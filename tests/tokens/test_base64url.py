import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tokens import base64url

ENCODED = [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xfb\xff", "-_8")]


@pytest.mark.parametrize(("value", "text"), ENCODED)
def test_bytes_are_written_without_padding(value: bytes, text: str) -> None:
    assert base64url.encode(value) == text


@pytest.mark.parametrize(("value", "text"), ENCODED)
def test_what_is_written_is_read_with_its_padding_or_without(value: bytes, text: str) -> None:
    padded = text + "=" * (-len(text) % 4)

    assert base64url.decode(text) == value
    assert base64url.decode(text, padding_allowed=True) == value
    assert base64url.decode(padded, padding_allowed=True) == value


@given(st.binary())
def test_any_bytes_come_back(value: bytes) -> None:
    assert base64url.decode(base64url.encode(value)) == value


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("text", ["Zg==", "Zm8=", "=", "===="])
def test_padding_is_refused_unless_it_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        base64url.decode(text)


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("padding_allowed", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "A===",
        "Zg=",
        "Zg===",
        "Zm8==",
        "Zm9v=",
        "Zm9v====",
        "=Zg=",
        "Zg==Zg==",
        "-/8",
        "+_8",
        "Zm 9v",
        "Zm9v\n",
        "\r\nZm9v",
        "Zm9v\0",
        "Zm9é",
        "Zm9\u202e",
        "\ud800",
    ],
)
def test_text_that_is_not_base64url_is_refused(text: str, padding_allowed: bool) -> None:
    with pytest.raises(ValueError, match="base64"):
        base64url.decode(text, padding_allowed=padding_allowed)
