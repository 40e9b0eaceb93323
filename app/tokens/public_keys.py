"""Read single public keys, say why one cannot be used, and tell whether two are the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from itertools import product
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_der_x509_certificate, load_pem_x509_certificate
from jwt.algorithms import Algorithm, ECAlgorithm, OKPAlgorithm, RSAAlgorithm

READERS: Final[Mapping[str, type[Algorithm]]] = {
    "RSA": RSAAlgorithm,
    "EC": ECAlgorithm,
    "OKP": OKPAlgorithm,
}
"""What reads a JWK, by its `kty`."""

_UNCHECKED: Final[Mapping[str, Any]] = {"password": None, "unsafe_skip_rsa_key_validation": True}
"""Who signs with a key checks it (25 ms for RSA); here its public half is compared only."""

_LOADERS: Final[tuple[Callable[[bytes], Any], ...]] = (
    lambda text: load_pem_private_key(text, **_UNCHECKED).public_key(),
    load_pem_public_key,
    lambda text: load_pem_x509_certificate(text).public_key(),
    lambda text: load_der_private_key(text, **_UNCHECKED).public_key(),
    load_der_public_key,
    lambda text: load_der_x509_certificate(text).public_key(),
)


def fingerprint(public_key: Any) -> bytes:  # noqa: ANN401 - of any kind
    """Return a hash that is the same for the same key, however it was written."""
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).digest()


def fingerprint_of_jwk(jwk: Mapping[str, Any]) -> bytes:
    """Return the fingerprint of a public or private JWK.

    Raises:
        Exception: of many classes; it is not a key.
    """
    key: Any = READERS[jwk["kty"]].from_jwk(dict(jwk))
    return fingerprint(key.public_key() if hasattr(key, "public_key") else key)


def fingerprints(text: bytes) -> set[bytes]:
    """Return the fingerprints of the keys that a text is: PEM, DER, JWK or JWK set.

    A private key has the fingerprint of its public half, and a certificate that of its key.
    """
    found = set()
    for load, each in product(_LOADERS, {text, text.strip()}):  # DER may end like a line
        with suppress(Exception):  # the parsers raise many classes; each means "not this format"
            found.add(fingerprint(load(each)))
    for jwk in _jwks(text):
        with suppress(Exception):  # the same
            found.add(fingerprint_of_jwk(jwk))
    return found


def _jwks(text: bytes) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    keys = document.get("keys", [document]) if isinstance(document, dict) else []
    return keys if isinstance(keys, list) else []
