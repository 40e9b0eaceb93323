import base64

import pytest

from app.tokens.secret_encoding import SecretEncoding, decode_secret, possible_bytes

SECRET = bytes(range(0, 256, 5))
WRITTEN: list[tuple[SecretEncoding, str]] = [
    ("base64", base64.b64encode(SECRET).decode()),
    ("base64url", base64.urlsafe_b64encode(SECRET).decode()),
    ("base64url", base64.urlsafe_b64encode(SECRET).decode().rstrip("=")),
    ("hex", SECRET.hex()),
    ("hex", SECRET.hex().upper()),
]


@pytest.mark.parametrize(("encoding", "written"), WRITTEN)
def test_a_secret_is_decoded(encoding: SecretEncoding, written: str) -> None:
    assert decode_secret(written, encoding) == SECRET


@pytest.mark.requirement("R35")
@pytest.mark.parametrize("written", [written for _, written in WRITTEN])
def test_a_secret_may_stand_for_what_it_is_and_for_what_it_decodes_to(written: str) -> None:
    assert possible_bytes(written) >= {SECRET, decode_secret(written, "raw")}


@pytest.mark.parametrize("encoding", ["base64", "base64url", "hex"])
def test_a_secret_in_another_encoding_is_refused_without_being_told(
    encoding: SecretEncoding,
) -> None:
    with pytest.raises(ValueError, match=f"^is not {encoding}, the encoding that is set$"):
        decode_secret("hush-é!", encoding)


@pytest.mark.parametrize(
    ("text", "encoding", "words"),
    [
        ("aHVzaA\naHVzaA", "base64", ": write it on one line"),
        ("aHVz_w", "base64", ": it may be base64url"),
        ("aHVz/w", "base64url", ": it may be base64"),
    ],
)
def test_another_encoding_is_told_by_what_gives_it_away(
    text: str, encoding: SecretEncoding, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        decode_secret(text, encoding)


@pytest.mark.parametrize("written", ["aHVzaA==", "aHVzaA"])
@pytest.mark.parametrize("encoding", ["base64", "base64url"])
def test_the_padding_may_be_left_out(written: str, encoding: SecretEncoding) -> None:
    assert decode_secret(written, encoding) == b"hush"
