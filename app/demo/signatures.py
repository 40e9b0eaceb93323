"""How the marketplace checks the signature of a row's token, by any algorithm of a row."""

import hmac
import json
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from app.demo.verification import RefusedToken, Token

Key = bytes | RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

_HASHES: Final = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def verify(token: Token, algorithm: str, key: Key) -> None:
    """Return if `token` was signed by `algorithm`, with `key` or the private key of it.

    Raises:
        RefusedToken: another algorithm, or a signature that is not the one of this key.
    """
    said = token.header.get("alg")
    if said != algorithm:
        raise RefusedToken(f"The algorithm is {json.dumps(said)}; that of the row is {algorithm}.")
    try:
        _verify(token, algorithm, key)
    except InvalidSignature:
        raise RefusedToken("The signature was not made with this row's key.") from None


def _verify(token: Token, algorithm: str, key: Key) -> None:
    if isinstance(key, bytes):
        if not hmac.compare_digest(
            hmac.digest(key, token.signed, f"sha{algorithm[2:]}"), token.signature
        ):
            raise InvalidSignature
    elif isinstance(key, Ed25519PublicKey):
        key.verify(token.signature, token.signed)
    elif isinstance(key, EllipticCurvePublicKey):
        key.verify(_der(token.signature, key), token.signed, ECDSA(_HASHES[algorithm[2:]]))
    else:
        digest = _HASHES[algorithm[2:]]
        padding = PSS(MGF1(digest), digest.digest_size) if algorithm[0] == "P" else PKCS1v15()
        key.verify(token.signature, token.signed, padding, digest)


def _der(signature: bytes, key: EllipticCurvePublicKey) -> bytes:
    """Return a signature of two numbers side by side (RFC 7518 section 3.4) as DER."""
    size = key.key_size // 8
    if len(signature) != 2 * size:
        raise InvalidSignature
    numbers = (int.from_bytes(signature[:size]), int.from_bytes(signature[size:]))
    return encode_dss_signature(*numbers)
