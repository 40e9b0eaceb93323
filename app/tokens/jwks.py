"""Read keys that verify, from JWK sets and PEM files, each with its algorithms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app.errors import shown
from app.tokens.algorithms import algorithms_for, weakness
from app.tokens.jws import hmac_key
from app.tokens.key_faults import fault_of_pem
from app.tokens.key_set import MAX_TRIED, KeySet, VerificationKey
from app.tokens.public_keys import READERS, fingerprint
from app.tokens.strict_json import InvalidJson, strict_json

MAX_KEYS: Final = 100
MAX_KEY_ID_CHARACTERS: Final = 512
"""The name of a key is any string (RFC 7515, section 4.1.4), and only ever looked up in a table."""

_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
"""Members that only the signer may know (RFC 7518, sections 6.2.2, 6.3.2, 6.4; `priv` is that of
post-quantum keys)."""


def is_key_id(value: object) -> bool:
    """Tell whether a value can be the name of a key."""
    return isinstance(value, str) and len(value) <= MAX_KEY_ID_CHARACTERS


class InvalidKeySet(ValueError):
    """A document without usable keys, or one that gives away a private key."""


class _Unusable(Exception):
    """Why one key of a set is left out."""


class _ForEncryption(_Unusable):
    """It is for another purpose (RFC 7517, section 4.2), which is no fault."""


def jwk_set(document: bytes) -> KeySet:
    """Read a JWK set (RFC 7517, section 5). Keys that cannot be used are left out.

    Raises:
        InvalidKeySet: not a JSON object with 1 to 100 keys, a private or symmetric key, or no
            usable key.
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
    keys, unusable, has_faults = [], [], False
    for jwk in jwks:
        try:
            keys.append(_key(jwk))
        except _Unusable as error:
            unusable.append(f"key {shown(jwk.get('kid'))}: {error}")
            has_faults = has_faults or not isinstance(error, _ForEncryption)
    if not keys:
        raise InvalidKeySet(f"none of its keys can be used: {'; '.join(unusable[:MAX_TRIED])}")
    return KeySet(keys, unusable=unusable, has_faults=has_faults)


def pem_key(text: bytes) -> KeySet:
    """Read one public key as PEM.

    Raises:
        InvalidKeySet: anything else, a private key too.
    """
    try:
        key = load_pem_public_key(text.strip())
    except (ValueError, UnsupportedAlgorithm) as error:
        wanted = "a public key as PEM (-----BEGIN PUBLIC KEY-----)"
        raise InvalidKeySet(fault_of_pem(text, wanted)) from error
    if text.count(b"-----BEGIN PUBLIC KEY") > 1:
        raise InvalidKeySet("has several keys, of which one would count; set JWKS_FILE, to a set")
    if wrong := weakness(key):
        raise InvalidKeySet(f"has a key of a kind, curve or length that is not accepted: {wrong}")
    verifying = VerificationKey(None, algorithms_for(key), key, fingerprint(key))
    return KeySet([verifying], named=False)


def shared_secret(secret: bytes, algorithms: Iterable[str]) -> KeySet:
    """Return a key set of a secret that is shared with the issuer.

    Raises:
        WeakSecret: too short for one of its algorithms, or not a secret.
    """
    names = frozenset(algorithms)
    for algorithm in sorted(names):
        hmac_key(secret, algorithm)
    return KeySet([VerificationKey(None, names, secret)], named=False)


def _key(jwk: Mapping[str, Any]) -> VerificationKey:
    """Read one key of a set (RFC 7517, section 4).

    Raises:
        _Unusable: and why.
    """
    key_id, key_ops = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if key_id is not None and not is_key_id(key_id):
        raise _Unusable(f"its kid is not a string of at most {MAX_KEY_ID_CHARACTERS} characters")
    if (use := jwk.get("use", "sig")) != "sig":
        why = f"its use is {shown(use)}, not 'sig'"
        raise _ForEncryption(why) if use == "enc" else _Unusable(why)
    if not (isinstance(key_ops, list) and "verify" in key_ops):
        raise _Unusable("its key_ops do not have 'verify'")
    try:
        key: Any = READERS[jwk["kty"]].from_jwk(dict(jwk))
        wrong, algorithms, same = weakness(key), algorithms_for(key), fingerprint(key)
    except Exception as error:  # the reader raises many classes; each means the same
        kind = f"{shown(jwk.get('kty'))}, {shown(jwk.get('crv'))}"
        raise _Unusable(f"it cannot be read as a key of its kind: {kind}") from error
    if wrong is not None:
        raise _Unusable(wrong)
    if "alg" in jwk:
        algorithms = frozenset(each for each in algorithms if each == jwk["alg"])
    if not algorithms:
        raise _Unusable(f"its alg {shown(jwk['alg'])} is not one of its kind")
    return VerificationKey(key_id, algorithms, key, same)
