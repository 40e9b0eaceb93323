"""A key in another form is called what it is, with the command that writes it as PEM."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)

from app.settings.files import UnreadableFile, read_text
from app.tokens.jwks import InvalidKeySet, pem_key
from app.tokens.jws import signing_key
from app.tokens.key_faults import binary_key
from app.tokens.secrets import WeakSecret

KEY = rsa.generate_private_key(65537, 2048)
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acme")])
NOW = datetime.now(UTC)
CERTIFICATE = (
    x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 1, NOW, NOW + timedelta(1))
).sign(KEY, SHA256())
REQUEST = x509.CertificateSigningRequestBuilder(NAME).sign(KEY, SHA256())
SECRET = BestAvailableEncryption(b"passphrase")
DER, PEM, PKCS8 = Encoding.DER, Encoding.PEM, PrivateFormat.PKCS8

BINARY = {
    "a private key in DER": KEY.private_bytes(DER, PKCS8, NoEncryption()),
    "an encrypted private key in DER": KEY.private_bytes(DER, PKCS8, SECRET),
    "a public key in DER": KEY.public_key().public_bytes(DER, PublicFormat.SubjectPublicKeyInfo),
    "a certificate in DER": CERTIFICATE.public_bytes(DER),
    "a request for a certificate in DER": REQUEST.public_bytes(DER),
    "a PKCS 12 file": pkcs12.serialize_key_and_certificates(b"k", KEY, None, None, SECRET),
    "a keystore of Java": bytes.fromhex("feedfeed00000002"),
}
OPENSSH = KEY.private_bytes(PEM, PrivateFormat.OpenSSH, NoEncryption())
OPENSSH_PUBLIC = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
PUTTY = b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"
PUBLIC = KEY.public_key().public_bytes(PEM, PublicFormat.SubjectPublicKeyInfo)
PRIVATE = KEY.private_bytes(PEM, PKCS8, NoEncryption())


@pytest.mark.requirement("R62")
@pytest.mark.parametrize("kind", BINARY)
def test_a_file_of_keys_that_is_not_text_is_called_what_it_is(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "key"
    file.write_bytes(BINARY[kind])

    with pytest.raises(UnreadableFile, match=f"^is not text but {kind}: "):
        read_text(file)


@pytest.mark.requirement("R62")
@pytest.mark.parametrize("kind", list(BINARY)[:1] + list(BINARY)[2:5])
def test_the_command_writes_what_is_wanted(tmp_path: Path, kind: str) -> None:
    (tmp_path / "FILE").write_bytes(BINARY[kind])
    command = str(binary_key(BINARY[kind])).partition(": ")[2].split()
    openssl = shutil.which(command[0])
    if openssl is None:
        pytest.skip("there is no openssl: apt-get install openssl")  # in .ci/run

    done = subprocess.run([openssl, *command[1:]], cwd=tmp_path, capture_output=True, check=True)  # noqa: S603 - the command of the message

    if "private" in kind:
        assert signing_key(done.stdout, "RS256").algorithm == "RS256"
    else:
        assert pem_key(done.stdout).find(None, "RS256")


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())]
)
def test_the_public_key_of_any_kind_is_known(
    key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
) -> None:
    der = key.public_key().public_bytes(DER, PublicFormat.SubjectPublicKeyInfo)

    assert str(binary_key(der)).startswith("a public key in DER")


@pytest.mark.parametrize("content", [b"0123456789abcdef", b"\x30\x80\xff", b"\xff\xfe", b"text"])
def test_what_is_no_key_is_not_called_one(content: bytes) -> None:
    assert binary_key(content) is None


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OPENSSH, "one of OpenSSH: ssh-keygen -p -m PKCS8"),
        (OPENSSH_PUBLIC, "a public one of OpenSSH: ssh-keygen -e"),
        (PUTTY, "one of PuTTY: puttygen"),
        (CERTIFICATE.public_bytes(PEM), "a certificate: openssl x509"),
        (REQUEST.public_bytes(PEM), "a request for a certificate: openssl req"),
        (PRIVATE, "a private one: openssl pkey"),
    ],
)
def test_what_is_no_public_key_says_how_it_becomes_one(text: bytes, words: str) -> None:
    with pytest.raises(InvalidKeySet, match=r"is not a public key as PEM .* but ") as refused:
        pem_key(text)

    assert f" but {words}" in str(refused.value)


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OPENSSH, "one of OpenSSH: ssh-keygen -p -m PKCS8"),
        (OPENSSH_PUBLIC, "a public one of OpenSSH: take"),
        (PUTTY, "one of PuTTY: puttygen"),
        (CERTIFICATE.public_bytes(PEM), "a certificate: take the private key that"),
        (REQUEST.public_bytes(PEM), "a request for a certificate: take the private"),
        (PUBLIC, "a public one: take the private key that"),
    ],
)
def test_what_is_no_private_key_says_so(text: bytes, words: str) -> None:
    with pytest.raises(WeakSecret, match=r"is not a private key as PEM, .* but ") as refused:
        signing_key(text, "RS256")

    assert f" but {words}" in str(refused.value)
