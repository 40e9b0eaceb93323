import pytest

from app.demo.verification import RefusedToken, read, verify

from .tokens import HEADER, forged, part, signed

KEY = b"k" * 43
CLAIMS = {"sub": "ada@acme.example", "n": 1}
GOOD = signed(CLAIMS, KEY)

# RFC 7515 appendix A.1
RFC_KEY = bytes.fromhex(
    "0323354b2b0fa5bc837e0665777ba68f5ab328e6f054c928a90f84b2d2502ebf"
    "d3fb5a92d20647ef968ab4c377623d223d2e2172052e4f08c0cd9af567d080a3"
)
RFC_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

header, claims, signature = GOOD.split(".")
REFUSED = [
    ("", "three parts"),
    ("a.b", "three parts"),
    (f"{GOOD}.x", "three parts"),
    (f"{GOOD}=", "The signature part is not base64url"),
    (f"{header}.{claims}.", "The signature has 0 bytes"),
    (f"{header}.{claims}.{part(b'x' * 31)}", "The signature has 31 bytes"),
    (f"{header}.{claims}.{part(b'x' * 33)}", "The signature has 33 bytes"),
    (f"{header}.{claims}.{part(b'x' * 32)}", "not made with this marketplace's key"),
    (f"{header}.{claims}.{signature[:-1]}*", "The signature part is not base64url"),
    (f"{header}.{claims}.{signature[:-1]}é", "The signature part is not base64url"),
    (f"{header}.{claims}.\n{signature}", "The signature part is not base64url"),
    (f"{header} .{claims}.{signature}", "The header part is not base64url"),
    (f"{header}.{part({'sub': 'eve'})}.{signature}", "not made with this marketplace's key"),
    (signed(CLAIMS, b"another key, just as long as it must be"), "not made with"),
    (forged({"alg": "none"}, CLAIMS, KEY), 'The algorithm is "none"'),
    (f"{part({'alg': 'none'})}.{claims}.", 'The algorithm is "none"'),
    (forged({"alg": "None"}, CLAIMS, KEY), 'The algorithm is "None"'),
    (forged({"alg": "hs256"}, CLAIMS, KEY), 'The algorithm is "hs256"'),
    (forged({"alg": None}, CLAIMS, KEY), "The algorithm is null"),
    (forged({"alg": ["HS256"]}, CLAIMS, KEY), "The algorithm is ["),
    (forged({}, CLAIMS, KEY), "The algorithm is null"),
    (forged({"alg": "HS512"}, CLAIMS, KEY, "sha512"), 'The algorithm is "HS512"'),
    (forged({"alg": "RS256"}, CLAIMS, KEY), 'The algorithm is "RS256"'),
    (forged(HEADER, [], KEY), "The claims part is not a JSON object"),
    (forged("HS256", CLAIMS, KEY), "The header part is not JSON"),
    (forged(HEADER, "", KEY), "The claims part is not JSON"),
    (forged(HEADER, b"\xff", KEY), "The claims part is not JSON"),
    (forged(HEADER, '{"a":1}'.encode("utf-16"), KEY), "The claims part is not JSON"),
    (forged(HEADER, b'\xef\xbb\xbf{"a":1}', KEY), "The claims part is not JSON"),
    (forged(HEADER, '{"a":' + "9" * 5000 + "}", KEY), "The claims part is not JSON"),
    (forged(HEADER, '{"a":' + "[" * 3000 + "]" * 3000 + "}", KEY), "nested too deep"),
    (forged("[" * 3000, CLAIMS, KEY), "nested too deep"),
]


def test_a_token_of_another_library_holds_and_says_what_was_signed() -> None:
    token = read(GOOD)

    verify(token, KEY)
    assert token.header == HEADER
    assert token.claims == CLAIMS


def test_the_example_of_the_standard_holds() -> None:
    token = read(RFC_TOKEN)

    verify(token, RFC_KEY)
    assert token.claims["iss"] == "joe"


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_a_token_that_does_not_hold_is_refused_and_the_reason_told(text: str, words: str) -> None:
    with pytest.raises(RefusedToken) as refused:
        verify(read(text), KEY)

    assert words in str(refused.value)


@pytest.mark.parametrize("position", range(len(GOOD)))
def test_one_changed_character_anywhere_spoils_a_token(position: int) -> None:
    changed = "A" if GOOD[position] != "A" else "B"

    with pytest.raises(RefusedToken):
        verify(read(GOOD[:position] + changed + GOOD[position + 1 :]), KEY)
