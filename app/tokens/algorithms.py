"""What a key may be used with: the algorithms that its kind, curve and length allow."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from app.tokens.edwards import is_sound_point

HASH_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
"""An HMAC secret is at least as long as the hash (RFC 7518, section 3.2)."""

RSA_BITS: Final = range(2048, 8192 + 1)
"""At least 2048 by RFC 7518, section 3.3; above 8192 a signature takes too long to verify."""

_LEAST_RSA_EXPONENT: Final = 65537
"""NIST FIPS 186-5, section 5.1: odd, and above 2^16."""

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
    if weakness(public_key) is not None:
        return frozenset()
    if isinstance(public_key, rsa.RSAPublicKey):
        return _RSA
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return frozenset({_CURVES[public_key.curve.name]})
    return frozenset({"EdDSA"})


def weakness(public_key: object) -> str | None:
    """Return why a public key is not used at all; `None` for a sound one."""
    if isinstance(public_key, rsa.RSAPublicKey):
        return _weakness_of_rsa(public_key)
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        name = public_key.curve.name
        return None if name in _CURVES else f"its curve {name} is not accepted"
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        sound = is_sound_point(public_key.public_bytes_raw())
        return None if sound else "it is not a point that only one private key fits"
    return "its kind is not accepted"


def _weakness_of_rsa(key: rsa.RSAPublicKey) -> str | None:
    numbers = key.public_numbers()
    if key.key_size not in RSA_BITS:
        return f"it has {key.key_size} bits, not {RSA_BITS[0]} to {RSA_BITS[-1]}"
    if numbers.e < _LEAST_RSA_EXPONENT or numbers.e % 2 == 0:
        return f"its exponent is even, or under {_LEAST_RSA_EXPONENT}"
    return "its modulus is even" if numbers.n % 2 == 0 else None
