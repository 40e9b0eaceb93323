"""Keys that verify: from JWK sets and PEM files, each with the algorithms it may be used with."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app.tokens.jws import InvalidToken, hmac_key
from app.tokens.strict_json import InvalidJson, strict_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_KEYS: Final = 100
KEY_ID: Final = re.compile(
    r"(?!.*\.\.)[A-Za-z0-9_~=+-][A-Za-z0-9._~=+-]{0,127}"
    r"|[A-Za-z0-9+/]{43}="  # 32 bytes in base64, as Amazon Cognito names its keys
)
"""What may name a key: never a path or an address."""

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""RFC 7518, sections 6.2.2, 6.3.2, 6.4: members that only whoever signs may know."""

_FEWEST_RSA_BITS = 2048
_MOST_RSA_BITS = 8192
_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_CURVES: dict[str, tuple[ec.EllipticCurve, str]] = {
    "P-256": (ec.SECP256R1(), "ES256"),
    "P-384": (ec.SECP384R1(), "ES384"),
    "P-521": (ec.SECP521R1(), "ES512"),
}
_CURVE_ALGORITHMS = {curve.name: algorithm for curve, algorithm in _CURVES.values()}


class InvalidKeySet(ValueError):
    """A document that gives no keys, or that gives away what nobody else may know."""


class UnknownKey(InvalidToken):
    """A token names a key that is not in the set. A newer set may have it."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with the algorithms that its kind, its curve and its `alg` leave (RFC 8725, 3.1)."""

    key_id: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)


class KeySet:
    """The keys of one issuer.

    Where `named` is false there is one key without a name, and what a token calls it is nothing
    to go by.
    """

    def __init__(self, keys: Iterable[VerificationKey], *, named: bool = True) -> None:
        self._keys = tuple(keys)
        self._by_id = {key.key_id: key for key in self._keys if key.key_id is not None}
        self._named = named

    def find(self, key_id: str | None, algorithm: str) -> VerificationKey:
        """Give the key that a token is to be verified with.

        Raises:
            UnknownKey: no key has that name.
            InvalidToken: no name where there are several keys, or a key for another algorithm.
        """
        if key_id is None or not self._named:
            if len(self._keys) != 1:
                raise InvalidToken("it does not name its key")
            found = self._keys[0]
        elif key_id in self._by_id:
            found = self._by_id[key_id]
        else:
            raise UnknownKey("its key is not in the set")
        if algorithm not in found.algorithms:
            raise InvalidToken("its key is for another algorithm")
        return found


def jwk_set(document: bytes) -> KeySet:
    """Read a JWK set (RFC 7517, section 5). Keys that are not for signatures are left out.

    Raises:
        InvalidKeySet: no JSON object with 1 to 100 keys in it, a private or symmetric key, a name
            twice, or no key of use.
    """
    try:
        jwks = strict_json(document).get("keys")
    except InvalidJson as error:
        raise InvalidKeySet("it is no JSON object that has one meaning") from error
    if not isinstance(jwks, list) or not 1 <= len(jwks) <= MAX_KEYS:
        raise InvalidKeySet(f"it is no list of 1 to {MAX_KEYS} keys")
    if not all(isinstance(jwk, dict) for jwk in jwks):
        raise InvalidKeySet("one of its keys is no JSON object")
    if any(jwk.keys() & _PRIVATE or jwk.get("kty") == "oct" for jwk in jwks):
        raise InvalidKeySet("it has a private or symmetric key, which everybody could sign with")
    names = Counter(str(jwk["kid"]) for jwk in jwks if "kid" in jwk)
    if any(count > 1 for count in names.values()):
        raise InvalidKeySet("two of its keys have one name")
    keys = [key for jwk in jwks for key in _usable(jwk)]
    if not keys:
        raise InvalidKeySet("none of its keys is of use")
    return KeySet(keys)


def pem_key(text: bytes) -> KeySet:
    """Read one public key as PEM.

    Raises:
        InvalidKeySet: anything else, a private key too.
    """
    try:
        key = load_pem_public_key(text.strip())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKeySet("is no public key as PEM (-----BEGIN PUBLIC KEY-----)") from error
    algorithms = _algorithms(key)
    if not algorithms:
        raise InvalidKeySet("has a key of a kind, curve or length that nothing is verified with")
    return KeySet([VerificationKey(None, algorithms, key)], named=False)


def shared_secret(secret: bytes, algorithms: Iterable[str]) -> KeySet:
    """Take a secret that the issuer shares.

    Raises:
        WeakSecret: too short for one of its algorithms, or no secret at all.
    """
    names = frozenset(algorithms)
    for algorithm in sorted(names):
        hmac_key(secret, algorithm)
    return KeySet([VerificationKey(None, names, secret)], named=False)


def _usable(jwk: Mapping[str, Any]) -> Iterable[VerificationKey]:
    key_id, key_ops = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not (isinstance(key_ops, list) and "verify" in key_ops):
        return
    if key_id is not None and not (isinstance(key_id, str) and KEY_ID.fullmatch(key_id)):
        return
    try:
        key = _READERS[jwk["kty"]](jwk)
    except (KeyError, TypeError, ValueError, UnsupportedAlgorithm):
        return
    algorithms = _algorithms(key)
    if "alg" in jwk:
        algorithms = frozenset(each for each in algorithms if each == jwk["alg"])
    if algorithms:
        yield VerificationKey(key_id, algorithms, key)


def _algorithms(key: object) -> frozenset[str]:
    if isinstance(key, rsa.RSAPublicKey):
        return _RSA if _FEWEST_RSA_BITS <= key.key_size <= _MOST_RSA_BITS else frozenset()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return frozenset(filter(None, [_CURVE_ALGORITHMS.get(key.curve.name)]))
    return frozenset({"EdDSA"} if isinstance(key, ed25519.Ed25519PublicKey) else ())


def _rsa(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()


def _ec(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    curve, _ = _CURVES[jwk["crv"]]
    numbers = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), curve)
    return numbers.public_key()


def _okp(jwk: Mapping[str, Any]) -> ed25519.Ed25519PublicKey:
    if jwk["crv"] != "Ed25519":
        raise ValueError("no curve of use")
    return ed25519.Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))


_READERS: Final = {"RSA": _rsa, "EC": _ec, "OKP": _okp}


def _number(value: str) -> int:
    return int.from_bytes(_bytes(value), "big")


def _bytes(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))
