"""Read keys that verify, from JWK sets and PEM files, each with its algorithms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import Algorithm, ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from app.tokens.algorithms import algorithms_for
from app.tokens.jws import InvalidToken, hmac_key
from app.tokens.strict_json import InvalidJson, strict_json

MAX_KEYS: Final = 100
KEY_ID: Final = re.compile(
    r"(?!.*\.\.)[A-Za-z0-9_~=+-][A-Za-z0-9._~=+-]{0,127}"
    r"|[A-Za-z0-9+/]{43}="  # 32 bytes in base64, as Amazon Cognito names its keys
)
"""A valid name of a key; it is never a path or an address."""

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""Members that only the signer may know (RFC 7518, sections 6.2.2, 6.3.2, 6.4)."""

_READERS: Final[Mapping[str, type[Algorithm]]] = {
    "RSA": RSAAlgorithm,
    "EC": ECAlgorithm,
    "OKP": OKPAlgorithm,
}


class InvalidKeySet(ValueError):
    """A document without usable keys, or one that gives away a private key."""


class UnknownKey(InvalidToken):
    """A token names a key that is not in the set; a newer set may have it."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with the algorithms that its kind, curve and `alg` allow (RFC 8725, section 3.1)."""

    key_id: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)


class KeySet:
    """The keys of one issuer.

    If `named` is false, there is one key without a name, and the `kid` of a token is ignored.
    """

    def __init__(self, keys: Iterable[VerificationKey], *, named: bool = True) -> None:
        self._keys = tuple(keys)
        self._by_id = {key.key_id: key for key in self._keys if key.key_id is not None}
        self._named = named

    def find(self, key_id: str | None, algorithm: str) -> VerificationKey:
        """Return the key to verify a token with.

        Raises:
            UnknownKey: no key has that name.
            InvalidToken: no name, and there are several keys; or a key for another algorithm.
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
        InvalidKeySet: not a JSON object with 1 to 100 keys, a private or symmetric key, a repeated
            name, or no usable key.
    """
    try:
        jwks = strict_json(document).get("keys")
    except InvalidJson as error:
        raise InvalidKeySet("it is not a JSON object with one meaning") from error
    if not isinstance(jwks, list) or not 1 <= len(jwks) <= MAX_KEYS:
        raise InvalidKeySet(f"it is not a list of 1 to {MAX_KEYS} keys")
    if not all(isinstance(jwk, dict) for jwk in jwks):
        raise InvalidKeySet("one of its keys is not a JSON object")
    if any(jwk.keys() & _PRIVATE or jwk.get("kty") == "oct" for jwk in jwks):
        raise InvalidKeySet("it has a private or symmetric key, with which everybody could sign")
    names = Counter(str(jwk["kid"]) for jwk in jwks if "kid" in jwk)
    if any(count > 1 for count in names.values()):
        raise InvalidKeySet("two of its keys have the same name")
    keys = [key for jwk in jwks for key in _usable(jwk)]
    if not keys:
        raise InvalidKeySet("none of its keys can be used")
    return KeySet(keys)


def pem_key(text: bytes) -> KeySet:
    """Read one public key as PEM.

    Raises:
        InvalidKeySet: anything else, a private key too.
    """
    try:
        key = load_pem_public_key(text.strip())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidKeySet("is not a public key as PEM (-----BEGIN PUBLIC KEY-----)") from error
    algorithms = algorithms_for(key)
    if not algorithms:
        raise InvalidKeySet("has a key of a kind, curve or length that is not accepted")
    return KeySet([VerificationKey(None, algorithms, key)], named=False)


def shared_secret(secret: bytes, algorithms: Iterable[str]) -> KeySet:
    """Return a key set of a secret that is shared with the issuer.

    Raises:
        WeakSecret: too short for one of its algorithms, or not a secret.
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
        key = _READERS[jwk["kty"]].from_jwk(dict(jwk))
    except (InvalidKeyError, KeyError, TypeError, ValueError, UnsupportedAlgorithm):
        return
    algorithms = algorithms_for(key)
    if "alg" in jwk:
        algorithms = frozenset(each for each in algorithms if each == jwk["alg"])
    if algorithms:
        yield VerificationKey(key_id, algorithms, key)
