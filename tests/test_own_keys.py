"""Keys compared as keys: between vendors, and between what comes in and what goes out."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from app.errors import InvalidCredential
from app.testing import FakeIdentityProvider, IssuerKey, make_request
from app.tokens.public_keys import fingerprints
from tests.in_process import Load, MakeClient, problems
from tests.samples import ADA, NOW, PROXY

KEYS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
NEXT: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
READERS: dict[str, Any] = {"ES256": ECAlgorithm, "RS256": RSAAlgorithm, "EdDSA": OKPAlgorithm}
ROW = '[{name}]\naddress = "https://{name}.example/sso"\nparameter = "jwt"\nalgorithm = "{alg}"\n'


def private(key: Any, form: PrivateFormat) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, form, NoEncryption())
    return text.decode()


def pkcs8(key: Any) -> str:
    return private(key, PrivateFormat.PKCS8)


def public(key: Any) -> bytes:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text


def jwk(algorithm: str, key: Any) -> dict[str, Any]:
    members: dict[str, Any] = READERS[algorithm].to_jwk(key, as_dict=True)
    return members


def rows(tmp_path: Path, *names: str, algorithm: str = "ES256") -> dict[str, str]:
    path = tmp_path / "rows.toml"
    path.write_text("".join(ROW.format(name=name, alg=algorithm) for name in names))
    return {"SSO_DESTINATIONS_FILE": str(path)}


@pytest.mark.requirement("R35", "R57")
@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_the_same_private_key_for_two_vendors_is_found_in_any_spelling(
    load: Load, tmp_path: Path, algorithm: str
) -> None:
    key = KEYS[algorithm]
    traditional = private(key, PrivateFormat.TraditionalOpenSSL)
    reflowed = pkcs8(key).replace("\n", "\r\n")

    for other in (traditional, reflowed, f"\n{pkcs8(key)}"):
        found = problems(
            load,
            PROXY,
            rows(tmp_path, "x", "y", algorithm=algorithm),
            DESTINATION_X_KEY=pkcs8(key),
            DESTINATION_Y_KEY=other,
        )
        assert "same secret as DESTINATION_X_KEY" in found["DESTINATION_Y_KEY"]
        assert "PRIVATE" not in str(found)


@pytest.mark.parametrize("algorithm", KEYS)
def test_every_spelling_of_a_key_is_the_same_key(algorithm: str) -> None:
    key = KEYS[algorithm]
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    half = jwk(algorithm, key.public_key())
    spellings = [
        *(pkcs8(key).encode(), public(key), der, spki, json.dumps(half).encode()),
        *(json.dumps(jwk(algorithm, key)).encode(), json.dumps({"keys": [half]}).encode()),
    ]

    first, *others = [fingerprints(text) for text in spellings]

    assert len(first) == 1
    assert all(other == first for other in others)


@pytest.mark.parametrize("end", [b"\n", b" ", b"\x0b"])
def test_a_key_whose_last_byte_is_like_a_blank_is_that_key(end: bytes) -> None:
    def der(key: ed25519.Ed25519PrivateKey) -> bytes:
        return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    made = iter(ed25519.Ed25519PrivateKey.generate, None)
    key = next(key for key in made if der(key).endswith(end))

    assert fingerprints(der(key)) == fingerprints(public(key)) != set()


@pytest.mark.parametrize("text", [b"", b"x", b"[]", b"{}", b'{"keys":1}', b'{"keys":[1]}', b"\xff"])
def test_what_is_no_key_has_no_fingerprint(text: bytes) -> None:
    assert fingerprints(text) == set()


@pytest.mark.requirement("R35", "R57")
@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("source", ["PUBLIC_KEY_FILE", "JWKS_FILE"])
@pytest.mark.parametrize("variable", ["DESTINATION_X_KEY", "DESTINATION_X_PREVIOUS_KEY"])
def test_the_public_half_of_our_own_key_is_no_key_for_sessions(
    load: Load, tmp_path: Path, algorithm: str, source: str, variable: str
) -> None:
    key = KEYS[algorithm]
    path = tmp_path / "inbound"
    other = IssuerKey("ES256", "other").jwk()
    set_of_two = {"keys": [other, {**jwk(algorithm, key.public_key()), "kid": "ours"}]}
    path.write_bytes(
        public(key) if source == "PUBLIC_KEY_FILE" else json.dumps(set_of_two).encode()
    )
    keys = {"DESTINATION_X_KEY": pkcs8(NEXT[algorithm]), variable: pkcs8(key)}
    session = {
        "SSO_AUTHENTICATORS": "corp=jwt",
        "AUTH_CORP_HEADER": "X-Token",
        "AUTH_CORP_ISSUER": "https://login.example",
        "AUTH_CORP_AUDIENCE": "sso",
        "AUTH_CORP_ALGORITHMS": algorithm,
        f"AUTH_CORP_{source}": str(path),
    }

    found = problems(load, rows(tmp_path, "x", algorithm=algorithm), keys, session)

    assert set(found) == {f"AUTH_CORP_{source}"}
    assert "this service signs with" in found[f"AUTH_CORP_{source}"]


@pytest.fixture
def provider() -> Iterator[FakeIdentityProvider]:
    with FakeIdentityProvider() as provider:
        yield provider


@pytest.mark.requirement("R35", "R57")
async def test_what_our_own_fetched_key_verifies_is_no_session(
    load: Load, tmp_path: Path, provider: FakeIdentityProvider
) -> None:
    ours = IssuerKey("ES256", "key-1")
    ours._key = KEYS["ES256"]  # noqa: SLF001 - a token as this service could sign it
    both = {"keys": [provider.key.jwk(kid="login"), ours.jwk()]}
    provider.documents["/both"] = json.dumps(both).encode()
    config = load(
        rows(tmp_path, "x"),
        {"DESTINATION_X_KEY": private(KEYS["ES256"], PrivateFormat.TraditionalOpenSSL)},
        SSO_AUTHENTICATORS="corp=jwt",
        AUTH_CORP_HEADER="X-Token",
        AUTH_CORP_ISSUER="https://login.example",
        AUTH_CORP_AUDIENCE="sso",
        AUTH_CORP_ALGORITHMS="ES256",
        AUTH_CORP_JWKS_URL=f"{provider.origin}/both",
    )
    authenticate: Any = config.authenticators["corp"]
    claims = {"iss": "https://login.example", "aud": "sso", "sub": "u-17", "exp": 4_000_000_000}
    await authenticate.start()

    good = provider.key.sign(claims, {"kid": "login"})
    assert (await authenticate(make_request([("X-Token", good)]))).subject == "u-17"
    with pytest.raises(InvalidCredential, match="has signed it itself"):
        await authenticate(make_request([("X-Token", ours.sign(claims))]))
    await authenticate.stop()


@pytest.mark.requirement("R67")
@pytest.mark.parametrize(
    "expiry",
    [
        '"{expires_at+3600}"',
        '"{now+86400}"',
        "4102444800",
        "4102444800.5",
        '"{claims.later}"',
    ],
)
def test_no_token_of_a_row_outlives_the_session(
    client: MakeClient, tmp_path: Path, expiry: str
) -> None:
    path = tmp_path / "rows.toml"
    path.write_text(
        '[x]\naddress = "https://x.example/sso"\nparameter = "jwt"\nlifetime_seconds = 86400\n'
        f'claims = {{ sub = "{{subject}}", exp = {expiry} }}\n'
    )
    secret = "of-the-row-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    login = IssuerKey("HS256", secret=b"of-the-session-0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    service = client(
        {"SSO_DESTINATIONS_FILE": str(path), "DESTINATION_X_KEY": secret},
        SSO_AUTHENTICATORS="session-cookie",
        AUTH_SESSION_COOKIE_SECRET="of-the-session-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        AUTH_SESSION_COOKIE_ISSUER="app",
        AUTH_SESSION_COOKIE_AUDIENCE="sso",
        AUTH_SESSION_COOKIE_MAX_AGE_SECONDS="600",
    )
    claims = {"iss": "app", "aud": "sso", "sub": "u-17", "later": 4_102_444_800}

    def expires(**times: int) -> float:
        token = login.sign({**claims, **times})
        answer = service.simulate_get("/x-sso", headers={"Cookie": f"session={token}"})
        assert answer.status_code == 307
        jwt = answer.headers["Location"].partition("jwt=")[2].partition("#")[0]
        body = jwt.split(".")[1]
        return float(json.loads(base64url_decoded(body))["exp"])

    now = int(NOW)
    assert expires(iat=now - 10, exp=now + 100) <= now + 100
    assert expires(iat=now - 10, exp=now + 9999) <= now + 590
    assert expires(iat=now - 100, exp=now - 20) <= now - 20


def base64url_decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_session_without_an_end_caps_nothing(client: MakeClient, tmp_path: Path) -> None:
    path = tmp_path / "rows.toml"
    path.write_text(
        '[x]\naddress = "https://x.example/sso"\nparameter = "jwt"\n'
        'claims = { sub = "{subject}", exp = 4102444800 }\n'
    )
    secret = "of-the-row-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    service = client(PROXY, SSO_DESTINATIONS_FILE=str(path), DESTINATION_X_KEY=secret)

    answer = service.simulate_get("/x-sso", headers=ADA)

    jwt = answer.headers["Location"].partition("jwt=")[2].partition("#")[0]
    assert json.loads(base64url_decoded(jwt.split(".")[1]))["exp"] == 4_102_444_800
