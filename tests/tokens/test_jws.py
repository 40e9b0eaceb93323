import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt as other_library
from joserfc.jwk import OctKey, import_key

from app.tokens.jws import InvalidToken, hmac_key, read, sign, signing_key, verify
from app.tokens.secrets import WeakSecret

SECRET = b"0f1e2d3c4b5a69788796a5b4c3d2e1f0"
KEY = hmac_key(SECRET)
CLAIMS = {"sub": "ada@acme.example", "n": 1, "ti": {"ufn": "Ada Grüße 李明"}}


def encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def forged(header: Any, claims: Any = CLAIMS, signature: bytes = b"x" * 32) -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(map(encoded, parts))


def test_a_token_is_what_another_library_reads() -> None:
    token = sign(CLAIMS, KEY)

    read_there = other_library.decode(token, OctKey.import_key(SECRET), algorithms=["HS256"])
    assert read_there.claims == CLAIMS
    assert read_there.header == {"alg": "HS256", "typ": "JWT"}


def test_a_token_of_ours_verifies_with_its_key() -> None:
    assert verify(sign(CLAIMS, KEY), KEY).claims == CLAIMS


@pytest.mark.parametrize("value", [1 << 70, -(1 << 64), 1.5, "\ud800", "é"])
def test_a_claim_of_any_json_value_is_signed_as_it_is(value: object) -> None:
    assert verify(sign({"n": value}, KEY), KEY).claims == {"n": value}


@pytest.mark.requirement("R45")
def test_neither_a_key_nor_a_token_is_in_a_representation() -> None:
    token = sign(CLAIMS, KEY)

    assert SECRET.decode() not in repr(KEY)
    assert token.rpartition(".")[2] not in repr(read(token))


@pytest.mark.requirement("R1")
@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "hs256", "HS512", "RS256", None, []])
def test_a_token_of_another_algorithm_does_not_verify(algorithm: object) -> None:
    with pytest.raises(InvalidToken, match="algorithm"):
        verify(forged({"alg": algorithm, "typ": "JWT"}), KEY)


@pytest.mark.requirement("R1")
def test_a_token_without_an_algorithm_does_not_verify() -> None:
    with pytest.raises(InvalidToken, match="algorithm"):
        verify(forged({"typ": "JWT"}), KEY)


def test_a_token_with_another_signature_does_not_verify() -> None:
    with pytest.raises(InvalidToken, match="signature"):
        verify(forged({"alg": "HS256", "typ": "JWT"}), KEY)


def test_a_token_of_another_key_does_not_verify() -> None:
    token = sign(CLAIMS, hmac_key(b"another-" + SECRET))

    with pytest.raises(InvalidToken, match="signature"):
        verify(token, KEY)


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    "mangled",
    [
        "",
        ".",
        "..",
        "a.b",
        "{header}.{claims}",
        "{header}.{claims}.{signature}.",
        "{header}.{claims}.{signature}.x.y",
        "{header}.{claims}.{signature}=",
        "{header}=.{claims}.{signature}",
        " {header}.{claims}.{signature}",
        "{header}.{claims}.{signature}\n",
        "{header}.{claims}\r\n.{signature}",
        "{header}.{claims}.{signature}é",
        "{header}.{claims}.+/{signature}",
        '{{"payload":"{claims}","protected":"{header}","signature":"{signature}"}}',
        "{header}..{signature}",
        "x{header}.{claims}.{signature}",
        "{header}.{claims}x.{signature}",
        "{header}.{claims}.{signature}x",
    ],
)
def test_what_is_no_compact_token_does_not_verify(mangled: str) -> None:
    header, claims, signature = sign(CLAIMS, KEY).split(".")
    token = mangled.format(header=header, claims=claims, signature=signature)

    with pytest.raises(InvalidToken):
        verify(token, KEY)


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("text", [b'{"a":1,"a":2}', b"[]", b"{'a':1}", b'{"a":NaN}'])
def test_a_token_whose_json_has_two_meanings_is_none(text: bytes) -> None:
    header, _, signature = sign(CLAIMS, KEY).split(".")

    for parts in ((header, encoded(text)), (encoded(text), encoded(b'{"a":1}'))):
        with pytest.raises(InvalidToken, match="JSON"):
            read(".".join((*parts, signature)))


@given(st.text() | st.binary().map(lambda value: value.decode("latin-1")))
def test_random_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(InvalidToken):
        verify(text, KEY)


@given(st.data())
def test_a_token_with_any_character_changed_does_not_verify(data: st.DataObject) -> None:
    token = sign(CLAIMS, KEY)
    at = data.draw(st.integers(0, len(token) - 2))  # the last one has bits that mean nothing
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c != token[at]))

    with pytest.raises(InvalidToken):
        verify(token[:at] + other + token[at + 1 :], KEY)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> list[bytes]:
    public = key.public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pkcs8 = serialization.PrivateFormat.PKCS8
    clear = serialization.NoEncryption()
    return [
        public.public_bytes(serialization.Encoding.PEM, spki),
        public.public_bytes(serialization.Encoding.PEM, spki).replace(b"\n", b"\r\n"),
        public.public_bytes(serialization.Encoding.DER, spki),
        key.private_bytes(serialization.Encoding.PEM, pkcs8, clear),
        key.private_bytes(serialization.Encoding.DER, pkcs8, clear),
    ]


@pytest.mark.requirement("R4", "R3")
@pytest.mark.parametrize(
    "key",
    [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())],
    ids=["rsa", "ec"],
)
def test_a_key_of_another_kind_is_no_secret(key: Any) -> None:
    for text in pem_of(key):
        with pytest.raises(WeakSecret, match="not a shared secret"):
            hmac_key(text)


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (b"", "empty"),
        (b"short", "5 bytes long; 32 are needed"),
        (SECRET[:31], "31 bytes long"),
        (b"a" * 32, "guessed"),
        (b"secretsecretsecretsecretsecretsecret", "guessed"),
        (b"0123456789" * 4, "guessed"),
        (b"01234567" * 4, "guessed"),
        (b"a-string-secret-at-least-256-bits-long", "guessed"),
        (b"A-String-Secret-At-Least-256-Bits-Long", "guessed"),
        (b'{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAA"}', "not a shared secret"),
        (b'{"keys":[{"kty":"RSA","n":"x","e":"AQAB"}]}', "not a shared secret"),
        (b'  ["0f1e2d3c4b5a69788796a5b4c3d2e1f0"] ', "not a shared secret"),
    ],
)
def test_a_secret_that_is_none_is_refused(secret: bytes, words: str) -> None:
    with pytest.raises(WeakSecret) as refused:
        hmac_key(secret)

    assert words in str(refused.value)


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(("algorithm", "needed"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_as_long_as_the_hash(algorithm: str, needed: int) -> None:
    secret = (SECRET + b"-" + SECRET)[:needed]

    assert hmac_key(secret, algorithm).algorithm == algorithm
    with pytest.raises(WeakSecret, match=f"{needed} are needed"):
        hmac_key(secret[:-1], algorithm)


def test_a_secret_of_digits_is_no_document() -> None:
    assert hmac_key(b"48159263704815926370481592637001").algorithm == "HS256"


@pytest.mark.requirement("R4")
def test_a_short_secret_can_be_the_vendors_choice() -> None:
    assert hmac_key(b"vendor-chose-it", allow_short=True).algorithm == "HS256"
    with pytest.raises(WeakSecret, match="guessed"):
        hmac_key(b"changeme", allow_short=True)


KEYS: dict[str, Any] = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "short-rsa": rsa.generate_private_key(65537, 1024),  # noqa: S505 - it is to be refused
    "p-256": ec.generate_private_key(ec.SECP256R1()),
    "p-384": ec.generate_private_key(ec.SECP384R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ed448": ed448.Ed448PrivateKey.generate(),
}
FITTING = {
    "RS256": "rsa",
    "RS384": "rsa",
    "RS512": "rsa",
    "PS256": "rsa",
    "ES256": "p-256",
    "ES384": "p-384",
    "EdDSA": "ed25519",
}


def pem(name: str) -> bytes:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    written: bytes = KEYS[name].private_bytes(encoding, form, serialization.NoEncryption())
    return written


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated:joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("algorithm", FITTING)
def test_every_asymmetric_algorithm_verifies_with_the_public_key_alone(algorithm: str) -> None:
    key = signing_key(b"\n" + pem(FITTING[algorithm]) + b"\n", algorithm)

    token = sign(CLAIMS, key)

    public = import_key(dict(key.public_jwk))
    read_there = other_library.decode(token, public, algorithms=[algorithm])
    assert read_there.claims == CLAIMS
    assert read_there.header == {"alg": algorithm, "kid": key.public_jwk["kid"], "typ": "JWT"}
    assert key.public_jwk["kid"] == public.thumbprint()
    assert public.is_private is False
    assert verify(token, key).claims == CLAIMS


@pytest.mark.parametrize(("algorithm", "needed"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_every_hmac_verifies_with_the_secret(algorithm: str, needed: int) -> None:
    secret = (SECRET + b"-" + SECRET)[:needed]

    token = sign(CLAIMS, signing_key(secret, algorithm))

    key = OctKey.import_key(secret)
    assert other_library.decode(token, key, algorithms=[algorithm]).claims == CLAIMS
    assert signing_key(secret, algorithm).public_jwk == {}


@pytest.mark.requirement("R4")
@pytest.mark.parametrize("algorithm", FITTING)
def test_a_key_that_does_not_fit_the_algorithm_is_refused(algorithm: str) -> None:
    for name in KEYS:
        if name != FITTING[algorithm]:
            with pytest.raises(WeakSecret, match=f"does not fit {algorithm}, which needs"):
                signing_key(pem(name), algorithm)


@pytest.mark.parametrize(
    "text", [b"", SECRET, pem_of(KEYS["p-256"])[0], b"-----BEGIN PRIVATE KEY-----"]
)
def test_what_is_no_private_key_is_refused(text: bytes) -> None:
    with pytest.raises(WeakSecret, match="is not a private key as PEM"):
        signing_key(text, "ES256")


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("e30.a.b.c.d", "it is encrypted"),
        ("opaque-0f1e2d", "it is opaque"),
        ("a.b", "dots between"),
        ("a.b.c.d", "dots between"),
        ("", "dots between"),
    ],
)
def test_another_form_of_token_is_called_what_it_is(token: str, words: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        read(token)

    assert words in str(refused.value)
    assert ("rfc7662" in str(refused.value)) == (token == "opaque-0f1e2d")


@pytest.mark.requirement("R64")
def test_a_private_key_that_cannot_be_read_says_why() -> None:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    passphrase = serialization.BestAvailableEncryption(b"passphrase")
    encrypted = KEYS["p-256"].private_bytes(encoding, form, passphrase)
    certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"

    for text, words in (
        (encrypted, "needs a passphrase"),
        (pem("p-256").replace(b"\n", rb"\n"), r"has \n written out"),
        (certificate, "a certificate"),
    ):
        with pytest.raises(WeakSecret, match="is not a private key as PEM") as refused:
            signing_key(text, "ES256")
        assert words in str(refused.value)
