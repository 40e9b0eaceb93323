"""Sign and verify JSON Web Tokens (RFC 7515, RFC 7519)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import Algorithm, get_default_algorithms

from app.errors import Cause
from app.tokens import base64url
from app.tokens.algorithms import HASH_BYTES, KEYS_NEEDED, algorithms_for
from app.tokens.key_faults import fault_of_pem
from app.tokens.secrets import WeakSecret, check_secret
from app.tokens.strict_json import InvalidJson, strict_json

_ALGORITHMS: dict[str, Algorithm] = get_default_algorithms()
_JWK_MEMBERS = ("crv", "e", "kty", "n", "x", "y")
_DOTS_OF_JWE = 4
"""RFC 7516, section 7.1."""

ALGORITHMS = (*HASH_BYTES, "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""What a destination may sign with."""


class InvalidToken(ValueError):
    """A text that is not a token, or a token whose signature does not verify."""

    def __init__(self, reason: str = "", *, cause: Cause = Cause.OTHER) -> None:
        super().__init__(reason)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with the one algorithm it is used for (RFC 8725, section 3.1).

    `public_jwk` is the public key for the other side (RFC 7517); empty for a shared secret.
    """

    algorithm: str
    _sign: Callable[[bytes], bytes] = field(repr=False)
    _verifying_key: Any = field(repr=False)
    _header: str = field(repr=False)
    public_jwk: Mapping[str, str] = field(default_factory=dict[str, str])


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
        WeakSecret: shorter than the hash (RFC 7518, section 3.2) unless `allow_short`, or weak.
    """
    check_secret(secret, needed=HASH_BYTES[algorithm], allow_short=allow_short)
    prepared = _ALGORITHMS[algorithm].prepare_key(secret)
    header = _encode({"alg": algorithm, "typ": "JWT"})
    signed = partial(_ALGORITHMS[algorithm].sign, key=prepared)
    return SigningKey(algorithm, signed, prepared, header)


def signing_key(text: bytes, algorithm: str, *, allow_short: bool = False) -> SigningKey:
    """Make the key of any algorithm of `ALGORITHMS` from a secret, or a private key as PEM.

    An asymmetric key is named by its thumbprint (RFC 7638), which goes into the header as `kid`.

    Raises:
        WeakSecret: see `hmac_key`, or no private key that fits the algorithm (RFC 7518, section
            3.1; RFC 8037, section 3.1).
    """
    if algorithm in HASH_BYTES:
        return hmac_key(text, algorithm, allow_short=allow_short)
    try:
        key = load_pem_private_key(text.strip(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        wanted = f"a private key as PEM, without a passphrase, as {algorithm} needs"
        raise WeakSecret(fault_of_pem(text, wanted)) from None
    public_key = key.public_key()
    if algorithm not in algorithms_for(public_key):
        raise WeakSecret(f"does not fit {algorithm}, which needs {KEYS_NEEDED[algorithm[:2]]}")
    jwk: Any = _ALGORITHMS[algorithm].to_jwk(public_key, as_dict=True)
    members = {name: str(jwk[name]) for name in _JWK_MEMBERS if name in jwk}
    thumbprint = sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    key_id = base64url.encode(thumbprint)
    header = _encode({"alg": algorithm, "kid": key_id, "typ": "JWT"})
    public = {**members, "alg": algorithm, "kid": key_id, "use": "sig"}
    signed = partial(_ALGORITHMS[algorithm].sign, key=key)
    return SigningKey(algorithm, signed, public_key, header, public)


def with_header(key: SigningKey, members: Mapping[str, str]) -> SigningKey:
    """Return a key whose tokens have further members in their header.

    A `kid` names the key in key sets, too.
    """
    if not members:
        return key
    named = {"kid": key.public_jwk["kid"]} if key.public_jwk else {}
    header = {"alg": key.algorithm, **named, "typ": "JWT", **members}
    renamed = {"kid": members["kid"]} if key.public_jwk and "kid" in members else {}
    return replace(key, _header=_encode(header), public_jwk={**key.public_jwk, **renamed})


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """Return the compact form of a JWT; its header has `alg`, `typ` and the key's `kid`, if any."""
    signing_input = f"{key._header}.{_encode(claims)}"  # noqa: SLF001 - opened where it is used
    signature = key._sign(signing_input.encode("ascii"))  # noqa: SLF001 - the same
    return f"{signing_input}.{base64url.encode(signature)}"


def verify(token: str, key: SigningKey) -> UnverifiedToken:
    """Read a token that `key` has signed.

    Raises:
        InvalidToken: not a compact JWS, another algorithm, or another signature.
    """
    parts = read(token)
    if parts.header.get("alg") != key.algorithm:
        raise InvalidToken(f"its algorithm is not {key.algorithm}")
    algorithm = _ALGORITHMS[key.algorithm]
    opened = key._verifying_key  # noqa: SLF001 - the same
    if not algorithm.verify(parts.signing_input, opened, parts.signature):
        raise InvalidToken("its signature does not verify")
    return parts


def is_signed_by(key: object, algorithm: str, token: UnverifiedToken) -> bool:
    """Tell whether a public key, or the bytes of a secret, verify a token's signature."""
    return _ALGORITHMS[algorithm].verify(token.signing_input, key, token.signature)


def read(token: str, *, padded: bool = False) -> UnverifiedToken:
    """Read the parts of a compact JWS without believing them.

    `padded` allows for an issuer that pads its base64url, and signs the padding with the rest.

    Raises:
        InvalidToken: not three parts of base64url with JSON objects in the first two.
    """
    try:
        header, claims, signature = (
            base64url.decode(part, padding_allowed=padded) for part in token.split(".")
        )
    except ValueError as error:
        raise InvalidToken(_other_form(token)) from error
    try:
        return UnverifiedToken(
            header=strict_json(header),
            claims=strict_json(claims),
            signing_input=token.rpartition(".")[0].encode("ascii"),
            signature=signature,
        )
    except InvalidJson as error:
        raise InvalidToken(str(error)) from error


def _other_form(token: str) -> str:
    """Return what a text is that is not a compact JWS."""
    reason = "it is not three parts of base64url with dots between"
    dots = token.count(".")
    if dots == _DOTS_OF_JWE:
        return f"{reason}: it has five, so it is encrypted; let the login send signed tokens"
    if dots == 0 and token:
        return f"{reason}: it has one, so it is opaque; ask its server with rfc7662"
    return reason


def _encode(value: Mapping[str, Any]) -> str:
    return base64url.encode(_as_json(value))


def _as_json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # integers over 64 bits, lone surrogates
        return json.dumps(value, separators=(",", ":")).encode("ascii")
