import contextlib
import json
import re
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from app.testing import IssuerKey
from app.tokens import base64url
from app.tokens.jwks import InvalidKeySet, jwk_set, pem_key, shared_secret
from app.tokens.jws import InvalidToken, is_signed_by, read
from app.tokens.key_set import UnknownKey
from app.tokens.secrets import WeakSecret

KEYS = {
    algorithm: IssuerKey(algorithm, f"{algorithm}-1")
    for algorithm in (
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
        "ES512",
        "EdDSA",
    )
}
EC = KEYS["ES256"].jwk()
RSA = KEYS["RS256"].jwk()


def document(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_key_of_every_algorithm_verifies_what_it_has_signed(algorithm: str) -> None:
    issuer = KEYS[algorithm]
    keys = jwk_set(document(*(key.jwk() for key in KEYS.values())))
    token = read(issuer.sign({"sub": "u-17"}))

    (key,) = keys.find(issuer.key_id, algorithm)

    assert is_signed_by(key.key, algorithm, token)
    other = next(each for each in KEYS.values() if each is not issuer)
    assert not is_signed_by(key.key, algorithm, read(IssuerKey(algorithm).sign({"sub": "u-17"})))
    with pytest.raises(InvalidToken, match="another algorithm"):
        keys.find(issuer.key_id, other.algorithm)


@pytest.mark.requirement("R2")
@pytest.mark.parametrize(
    ("members", "algorithm"),
    [
        ({"alg": "RS256"}, "PS256"),
        ({"alg": "PS256"}, "RS256"),
        ({"alg": "RS512"}, "RS256"),
        ({"alg": "RSA-OAEP"}, "RS256"),
        ({"alg": ["RS256"]}, "RS256"),
        ({"alg": None}, "RS256"),
        ({"use": "enc"}, "RS256"),
        ({"use": "SIG"}, "RS256"),
        ({"use": None}, "RS256"),
        ({"use": ["sig"]}, "RS256"),
        ({"key_ops": []}, "RS256"),
        ({"key_ops": ["sign"]}, "RS256"),
        ({"key_ops": ["encrypt", "wrapKey"]}, "RS256"),
        ({"key_ops": "verify"}, "RS256"),
        ({"key_ops": None}, "RS256"),
    ],
)
def test_a_key_for_something_else_is_never_used(members: dict[str, Any], algorithm: str) -> None:
    keys = jwk_set(document({**RSA, **members}, EC))

    with pytest.raises(InvalidToken):
        keys.find(RSA["kid"], algorithm)


@pytest.mark.requirement("R2")
@pytest.mark.parametrize("key_ops", [["verify"], ["sign", "verify"]])
def test_a_key_that_says_it_verifies_does(key_ops: list[str]) -> None:
    keys = jwk_set(document({**without(RSA, "use", "alg"), "key_ops": key_ops}))

    assert keys.find(RSA["kid"], "PS512")[0].key_id == RSA["kid"]


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    "text",
    [
        *(
            document(RSA, {**EC, "kid": "other", name: "AAAA"})
            for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
        ),
        document(RSA, {"kty": "oct", "kid": "other"}),
        document(RSA, {"kty": "oct", "kid": "other", "k": "AAAA"}),
        document(RSA, 1),
        document(RSA, None),
        document(RSA, [EC]),
        document(*({**EC, "kid": f"k-{n}"} for n in range(101))),
        document(),
        b"",
        b"null",
        b"[]",
        b"1",
        b'"keys"',
        b"{}",
        b'{"keys":{}}',
        b'{"keys":null}',
        b'{"keys":"RS256"}',
        b'{"keys":[],"keys":[{}]}',
        b"<!doctype html>",
        document(EC)[:-9],
        document(EC).decode().encode("utf-16"),
        b"\xef\xbb\xbf" + document(EC),
        document(EC).replace(b'"', b'"\xff', 1),
        b'{"keys":' + b"[" * 50_000,
        b'{"keys":[' + b'{"a":' * 20 + b"1" + b"}" * 20 + b"]}",
    ],
)
def test_a_set_that_cannot_be_trusted_is_refused_whole(text: bytes) -> None:
    with pytest.raises(InvalidKeySet):
        jwk_set(text)


P256K = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    "jwk",
    [
        IssuerKey("RS256", "weak", rsa_bits=1024).jwk(),
        {**RSA, "n": "AQAB"},
        {**RSA, "n": ""},
        {**RSA, "n": "é"},
        {**RSA, "n": 17},
        {**RSA, "n": None},
        {**RSA, "e": "Ag"},
        {**RSA, "e": "AQ"},
        {**RSA, "n": RSA["n"] * 5},
        without(RSA, "n"),
        without(RSA, "e"),
        without(RSA, "kty"),
        {**RSA, "kty": "rsa"},
        {**RSA, "kty": "EC"},
        {**RSA, "kty": ["RSA"]},
        {**EC, "crv": "P-384"},
        {**EC, "crv": "secp256k1"},
        {**EC, "crv": "p-256"},
        {**EC, "crv": None},
        {**EC, "x": EC["y"]},
        {**EC, "x": "AAAA", "y": "AAAA"},
        {**EC, "alg": "ES384"},
        without(EC, "y"),
        {**KEYS["EdDSA"].jwk(), "crv": "Ed448"},
        {**KEYS["EdDSA"].jwk(), "crv": "X25519"},
        {**KEYS["EdDSA"].jwk(), "x": "AAAA"},
        {**EC, "kid": 1},
        {**EC, "kid": ["a"]},
        {**EC, "kid": "k" * 513},
    ],
)
def test_a_key_of_no_use_is_left_out_and_the_others_stay(jwk: dict[str, Any]) -> None:
    good = KEYS["ES384"].jwk()

    keys = jwk_set(document(jwk, good))

    assert keys.find(None, "ES384")[0].key_id == "ES384-1"
    assert len(keys.unusable) == 1
    assert all(reason.isprintable() and len(reason) < 300 for reason in keys.unusable)
    with pytest.raises(InvalidKeySet, match="can be used"):
        jwk_set(document(jwk))


@pytest.mark.requirement("R7")
def test_a_token_without_a_name_is_for_a_set_of_one() -> None:
    one = jwk_set(document(EC))
    two = jwk_set(document(EC, RSA))
    nameless = jwk_set(document(without(EC, "kid")))

    assert one.find(None, "ES256") == one.find("ES256-1", "ES256")
    assert nameless.find(None, "ES256")[0].key_id is None
    with pytest.raises(InvalidToken, match="does not name"):
        two.find(None, "ES256")
    for keys in (one, two, nameless):
        with pytest.raises(UnknownKey):
            keys.find("other", "ES256")


@pytest.mark.requirement("R7")
def test_a_key_that_is_there_under_two_names_is_one_key() -> None:
    twice = jwk_set(document({**EC, "kid": ""}, EC))
    for_two_algorithms = jwk_set(document(RSA, {**RSA, "kid": "", "alg": "PS256"}))

    assert {key.key_id for key in twice.find(None, "ES256")} == {"", "ES256-1"}
    assert [key.key_id for key in for_two_algorithms.find(None, "PS256")] == [""]
    with pytest.raises(InvalidToken, match="does not name its key, and there are 2"):
        jwk_set(document(EC, {**EC, "kid": ""}, RSA)).find(None, "ES256")


def test_a_key_without_a_name_of_its_own_is_found_whatever_a_token_calls_it() -> None:
    keys = pem_key(KEYS["ES256"].pem())

    assert keys.find("whatever", "ES256") == keys.find(None, "ES256")


@pytest.mark.requirement("R7", "R8")
@pytest.mark.parametrize(
    "name",
    [
        *("public:hydra.openid.id-token", "wU3ifIIaLOUAReRB/FG6eM1P1QM=", "https://x.example/k#1"),
        *("../key", "k" * 512, "é", "", " a b ", "a,b", "\u0000", "\ud800"),
    ],
)
def test_any_string_names_a_key(name: str) -> None:
    keys = jwk_set(document({**EC, "kid": name}, RSA))

    assert keys.find(name, "ES256")[0].key_id == name
    with pytest.raises(UnknownKey) as refused:
        keys.find(f"{name}x", "ES256")
    assert str(refused.value).isprintable()


@pytest.mark.requirement("R8")
def test_several_keys_of_one_name_are_chosen_by_algorithm() -> None:
    others = [IssuerKey("ES256", RSA["kid"]).jwk() for _ in range(5)]
    set_of_many = document(RSA, {**RSA, "use": "enc"}, {**EC, "kid": RSA["kid"]}, *others)

    keys = jwk_set(set_of_many)

    assert len(keys.find(RSA["kid"], "RS256")) == 1
    assert len(keys.find(RSA["kid"], "ES256")) == 4
    assert keys.unusable == ("key 'RS256-1': its use is 'enc', not 'sig'",)
    with pytest.raises(InvalidToken, match="another algorithm"):
        keys.find(RSA["kid"], "ES384")


def encoded(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8))


RSA_MODULUS = int.from_bytes(base64url.decode(RSA["n"]))
SMALL_ORDER = [
    *("01" + "00" * 31, "01" + "00" * 30 + "80", "00" * 32, "00" * 31 + "80"),
    *("ec" + "ff" * 30 + "7f", "ec" + "ff" * 31, "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f"),
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "02" + "00" * 31,
]


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    ("jwk", "words"),
    [
        ({**RSA, "e": encoded(3)}, "exponent"),
        ({**RSA, "e": encoded(17)}, "exponent"),
        ({**RSA, "e": encoded(65535)}, "exponent"),
        ({**RSA, "e": encoded(65538)}, "exponent|read"),
        ({**RSA, "n": encoded(RSA_MODULUS - 1)}, "modulus|read"),
        (IssuerKey("RS256", "weak", rsa_bits=1024).jwk(), "1024 bits"),
        ({**RSA, "use": "enc"}, "'enc'"),
        ({**RSA, "alg": "RSA-OAEP"}, "'RSA-OAEP'"),
        ({**RSA, "key_ops": ["encrypt"]}, "key_ops"),
        ({**RSA, "kid": 17}, "kid"),
        ({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, "'AKP'"),
        *(
            ({**KEYS["EdDSA"].jwk(), "x": base64url.encode(bytes.fromhex(point))}, "point")
            for point in SMALL_ORDER
        ),
    ],
)
def test_why_a_key_is_left_out_is_told(jwk: dict[str, Any], words: str) -> None:
    keys = jwk_set(document(jwk, EC))

    (reason,) = keys.unusable
    assert re.search(words, reason), reason


@pytest.mark.requirement("R8")
def test_a_private_key_of_a_kind_of_its_own_is_one() -> None:
    with pytest.raises(InvalidKeySet, match="private"):
        jwk_set(document(EC, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "priv": "AAAA"}))


PRIVATE = ec.generate_private_key(ec.SECP256R1())
PKCS8 = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SPKI = PublicFormat.SubjectPublicKeyInfo


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "not a public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "not a public key"),
        (PKCS8, "not a public key.* private one"),
        (KEYS["ES256"].pem().replace(b"\n", rb"\n"), "not a public key.* written out"),
        (KEYS["RS256"].spellings()["DER"], "not a public key"),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "not a public key.* certificate",
        ),
        (IssuerKey("RS256", rsa_bits=1024).pem(), "kind, curve or length"),
        (IssuerKey("ES256").pem() + IssuerKey("ES256").pem(), "several keys"),
        (
            ec.generate_private_key(ec.SECP256K1()).public_key().public_bytes(Encoding.PEM, SPKI),
            "kind, curve or length",
        ),
        (
            x25519.X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, SPKI),
            "kind, curve or length",
        ),
        (
            dsa.generate_private_key(2048).public_key().public_bytes(Encoding.PEM, SPKI),
            "kind, curve or length",
        ),
    ],
)
def test_a_file_that_is_no_public_key_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(InvalidKeySet, match=words):
        pem_key(text)


@pytest.mark.requirement("R3")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("spelling", ["PEM", "PEM, stripped", "PEM, CRLF", "DER", "JWK", "JWKS"])
def test_a_public_key_is_no_secret(algorithm: str, spelling: str) -> None:
    with pytest.raises(WeakSecret):
        shared_secret(KEYS[algorithm].spellings()[spelling], ["HS256"])


@pytest.mark.requirement("R4")
def test_a_secret_is_as_long_as_its_longest_hash() -> None:
    secret = b"0f1e2d3c4b5a69788796a5b4c3d2e1f0"

    assert shared_secret(secret, ["HS256"]).find("any", "HS256")[0].key == secret
    assert secret.decode() not in repr(shared_secret(secret, ["HS256"]).find(None, "HS256"))
    with pytest.raises(WeakSecret, match="64 are needed"):
        shared_secret(secret, ["HS256", "HS512"])


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from([EC, RSA]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=8,
)


@given(
    st.binary()
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.lists(
        st.dictionaries(st.sampled_from(sorted({*RSA, *EC, "key_ops"})), JSON).map(
            lambda members: {**EC, **members}
        )
    ).map(lambda keys: document(*keys))
)
def test_whatever_comes_is_a_set_or_refused(text: bytes) -> None:
    with contextlib.suppress(InvalidKeySet):
        jwk_set(text)
