"""What a key may be used with: the algorithms that its kind, curve and length allow."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

HASH_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
"""An HMAC secret is at least as long as the hash (RFC 7518, section 3.2)."""

RSA_BITS: Final = range(2048, 8192 + 1)
"""At least 2048 by RFC 7518, section 3.3; above 8192 a signature takes too long to verify."""

_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
"""Each curve has one algorithm (RFC 7518, section 3.4)."""

_RSA_NEEDED: Final = f"an RSA key of {RSA_BITS[0]} to {RSA_BITS[-1]} bits"
KEYS_NEEDED: Final = {
    "RS": _RSA_NEEDED,
    "PS": _RSA_NEEDED,
    "ES": "a key on its own curve: P-256 for ES256, P-384 for ES384",
    "Ed": "an Ed25519 key",
}
"""What kind of key an algorithm needs, by the first two letters of its name."""


def algorithms_for(public_key: object) -> frozenset[str]:
    """Return the algorithms of a public key; none for a weak one or an unknown kind."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return _RSA if public_key.key_size in RSA_BITS else frozenset()
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return frozenset(filter(None, [_CURVES.get(public_key.curve.name)]))
    return frozenset({"EdDSA"} if isinstance(public_key, ed25519.Ed25519PublicKey) else ())
