"""Sign and verify JSON Web Tokens (RFC 7515, RFC 7519): the only room that knows `jwt`."""

from __future__ import annotations

import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from jwt.algorithms import Algorithm, get_default_algorithms

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_JSON_DEPTH = 16
MAX_JSON_MEMBERS = 64

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_HASH_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
_ALGORITHMS: dict[str, Algorithm] = get_default_algorithms()

_PUBLISHED_SECRETS = frozenset(
    {
        b"a-string-secret-at-least-256-bits-long",
        b"a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
        b"your-256-bit-secret",
        b"your-384-bit-secret",
        b"your-512-bit-secret",
        b"changeme",
        b"password",
        b"secret",
    }
)
"""Secrets that stand in debuggers and tutorials; anyone can sign with them."""

_FEWEST_DISTINCT_BYTES = 8
_LONGEST_PERIOD_BYTES = 16


class WeakSecret(ValueError):
    """A secret that anyone could find out, or that is no secret."""


class InvalidToken(ValueError):
    """A token that is not one, or whose signature does not verify."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with the one algorithm it is used for (RFC 8725, section 3.1)."""

    algorithm: str
    _key: Any = field(repr=False)
    _header: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """The parts of a compact JWS, read but not believed."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def hmac_key(secret: bytes, algorithm: str = "HS256", *, allow_short: bool = False) -> SigningKey:
    """Make the key of an HMAC algorithm.

    Raises:
        WeakSecret: shorter than the hash (RFC 7518, section 3.2) unless `allow_short`, published,
            repeated, or a key of another kind (CVE-2026-48526: a public key taken for a secret).
    """
    needed = _HASH_BYTES[algorithm]
    if not secret:
        raise WeakSecret("is empty")
    if len(secret) < needed and not allow_short:
        raise WeakSecret(f"is {len(secret)} bytes long; {algorithm} needs {needed}")
    if secret.lower() in _PUBLISHED_SECRETS or _is_repetitive(secret):
        raise WeakSecret("can be guessed; take a random one: openssl rand -base64 48")
    if _is_other_key(secret):
        raise WeakSecret("is a PEM, DER, JWK or JSON document, not a shared secret")
    prepared = _ALGORITHMS[algorithm].prepare_key(secret)
    return SigningKey(algorithm, prepared, _encode({"alg": algorithm, "typ": "JWT"}))


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """Give the compact form of a JWT with exactly `alg` and `typ` in its header."""
    signing_input = key._header + b"." + _encode(claims)  # noqa: SLF001 - opened where it is used
    signature = _ALGORITHMS[key.algorithm].sign(signing_input, key._key)  # noqa: SLF001 - the same
    return (signing_input + b"." + _base64url(signature)).decode("ascii")


def verify(token: str, key: SigningKey) -> UnverifiedToken:
    """Read a token that `key` has signed.

    Raises:
        InvalidToken: not a compact JWS, another algorithm, or another signature.
    """
    parts = read(token)
    if parts.header.get("alg") != key.algorithm:
        raise InvalidToken(f"its algorithm is not {key.algorithm}")
    algorithm = _ALGORITHMS[key.algorithm]
    if not algorithm.verify(parts.signing_input, key._key, parts.signature):  # noqa: SLF001 - the same
        raise InvalidToken("its signature does not verify")
    return parts


def read(token: str) -> UnverifiedToken:
    """Read the parts of a compact JWS without believing them.

    Raises:
        InvalidToken: not three parts of unpadded base64url with JSON objects in them.
    """
    if not _COMPACT.fullmatch(token):
        raise InvalidToken("it is not three parts of base64url with dots between")
    header, claims, signature = token.split(".")
    return UnverifiedToken(
        header=strict_json(_decode(header)),
        claims=strict_json(_decode(claims)),
        signing_input=f"{header}.{claims}".encode("ascii"),
        signature=_decode(signature),
    )


def strict_json(text: bytes) -> dict[str, Any]:
    """Read a JSON object that has one meaning only (RFC 8725, section 3.7).

    Raises:
        InvalidToken: not UTF-8, a byte order mark, a member twice, NaN or an infinity, deeper than
            `MAX_JSON_DEPTH`, or more than `MAX_JSON_MEMBERS` members in one object.
    """
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_members,
            parse_float=_finite,
            parse_constant=_finite,
        )
    except InvalidToken:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidToken("it does not hold JSON") from error
    if not isinstance(value, dict):
        raise InvalidToken("it does not hold a JSON object")
    if _depth_exceeds(value, MAX_JSON_DEPTH):
        raise InvalidToken("its JSON nests too deeply")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidToken("its JSON has a member twice")
    if len(members) > MAX_JSON_MEMBERS:
        raise InvalidToken("its JSON has too many members")
    return members


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise InvalidToken("its JSON has a number that is none")
    return value


def _depth_exceeds(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return False
    return levels == 0 or any(_depth_exceeds(item, levels - 1) for item in value)


def _encode(value: Mapping[str, Any]) -> bytes:
    return _base64url(json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii"))


def _base64url(value: bytes) -> bytes:
    return urlsafe_b64encode(value).rstrip(b"=")


def _decode(part: str) -> bytes:
    try:
        return urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise InvalidToken("one of its parts is not base64url") from error


def _is_repetitive(secret: bytes) -> bool:
    if len(secret) < _HASH_BYTES["HS256"]:
        return False  # short by permission: there is too little of it to judge
    if len(set(secret)) < _FEWEST_DISTINCT_BYTES:
        return True
    return any(
        secret == (secret[:n] * len(secret))[: len(secret)]
        for n in range(1, 1 + _LONGEST_PERIOD_BYTES)
    )


def _is_other_key(secret: bytes) -> bool:
    text = secret.strip()
    if b"-----BEGIN" in text:
        return True
    try:
        if isinstance(json.loads(text), dict | list):
            return True
    except ValueError:
        pass
    return _is_der(secret)


def _is_der(secret: bytes) -> bool:
    for load in (load_der_public_key, lambda der: load_der_private_key(der, password=None)):
        try:
            load(secret)
        except Exception:  # noqa: BLE001, S112 - the parser raises many classes; each means "not DER"
            continue
        return True
    return False
