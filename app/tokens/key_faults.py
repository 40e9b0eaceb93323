"""Say what a file is that is no key as PEM, and how it becomes one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from cryptography.x509 import load_der_x509_certificate, load_der_x509_csr

_SEQUENCE: Final = b"\x30"
_PKCS12: Final = bytes.fromhex("06092a864886f70d0107")
"""The object identifier of PKCS 7, which a PKCS 12 file has near its beginning."""

_KEYSTORE: Final = bytes.fromhex("feedfeed")

_DER: Final[tuple[tuple[Callable[[bytes], Any], str], ...]] = (
    (
        lambda content: load_der_private_key(content, None, unsafe_skip_rsa_key_validation=True),
        "a private key in DER: openssl pkey -inform DER -in FILE",
    ),
    (load_der_public_key, "a public key in DER: openssl pkey -pubin -inform DER -in FILE"),
    (
        load_der_x509_certificate,
        "a certificate in DER: openssl x509 -inform DER -in FILE -noout -pubkey",
    ),
    (
        load_der_x509_csr,
        "a request for a certificate in DER: openssl req -inform DER -in FILE -noout -pubkey",
    ),
)

_BELONGS: Final = ": take the private key that belongs to it"

_TEXTS: Final[tuple[tuple[bytes, str, str | None], ...]] = (
    (rb"\\n", r": it has \n written out; write real line ends", None),
    (rb"ENCRYPTED", ": it needs a passphrase; write it without: openssl pkey -in FILE", None),
    (rb"\A\s*[{[]", " but JSON: set JWKS_FILE, to a set of such keys", " but JSON"),
    (
        rb"\A\s*PuTTY-",
        " but one of PuTTY: puttygen FILE -O private-openssh -o KEY.pem",
        None,
    ),
    (
        rb"\A\s*(ssh|ecdsa|sk)-",
        " but a public one of OpenSSH: ssh-keygen -e -m PKCS8 -f FILE",
        f" but a public one of OpenSSH{_BELONGS}",
    ),
    (
        rb"-----BEGIN OPENSSH",
        " but one of OpenSSH: ssh-keygen -p -m PKCS8 -N '' -f COPY",
        None,
    ),
    (
        rb"-----BEGIN (NEW )?CERTIFICATE REQUEST",
        " but a request for a certificate: openssl req -in FILE -noout -pubkey",
        f" but a request for a certificate{_BELONGS}",
    ),
    (
        rb"-----BEGIN CERTIFICATE",
        " but a certificate: openssl x509 -in FILE -noout -pubkey",
        f" but a certificate{_BELONGS}",
    ),
    (rb"PRIVATE KEY-----", " but a private one: openssl pkey -in FILE -pubout", ""),
    (rb"PUBLIC KEY-----", "", f" but a public one{_BELONGS}"),
)
"""How another text is known, and what to say of it in place of a public and of a private key."""


def binary_key(content: bytes) -> str | None:
    """Return what a file of keys is that is not text, and the command that writes PEM."""
    if content.startswith(_KEYSTORE):
        return "a keystore of Java: keytool -importkeystore -deststoretype pkcs12, then openssl"
    if not content.startswith(_SEQUENCE):
        return None
    for load, words in _DER:
        try:
            load(content)
        except TypeError:
            return "an encrypted private key in DER: openssl pkey -inform DER -in FILE"
        except Exception:  # noqa: BLE001, S112 - the parsers raise many classes; each means "not this"
            continue
        return words
    if _PKCS12 in content[:40]:
        return "a PKCS 12 file: openssl pkcs12 -in FILE -nocerts -noenc"
    return None


def fault_of_pem(text: bytes, wanted: str) -> str:
    """Return why a text is not the PEM key that is `wanted`, for whoever has to mend it."""
    for pattern, of_public, of_private in _TEXTS:
        if re.search(pattern, text):
            is_public = "public" in wanted or of_private is None
            return f"is not {wanted}{of_public if is_public else of_private}"
    return f"is not {wanted}"
