import pytest

from app.demo.rows import new_key
from app.demo.signatures import verify
from app.demo.verification import RefusedToken, Token, read
from app.tokens.jws import sign, signing_key

from .tokens import part

ALGORITHMS = [
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256"),
    *("ES256", "ES384", "EdDSA"),
]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_the_service_holds_with_its_key_and_with_no_other(algorithm: str) -> None:
    secret, key = new_key(algorithm)
    _, other = new_key(algorithm)
    token = read(sign({"sub": "u-17"}, signing_key(secret.encode(), algorithm)))

    verify(token, algorithm, key)
    with pytest.raises(RefusedToken, match="not made with this row's key"):
        verify(token, algorithm, other)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"x" * 96, b"x" * 256])
def test_a_made_up_signature_does_not_hold(algorithm: str, signature: bytes) -> None:
    _, key = new_key(algorithm)
    token = Token({"alg": algorithm}, {}, b"signed", signature)

    with pytest.raises(RefusedToken, match="not made with this row's key"):
        verify(token, algorithm, key)


@pytest.mark.parametrize("said", ["none", "HS256", "RS512", None])
def test_another_algorithm_than_the_rows_is_refused(said: str | None) -> None:
    _, key = new_key("RS256")
    token = read(f"{part({'alg': said})}.{part({})}.")

    with pytest.raises(RefusedToken, match="that of the row is RS256"):
        verify(token, "RS256", key)
