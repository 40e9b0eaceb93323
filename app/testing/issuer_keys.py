"""Keys that sign anything: what an issuer would sign, and what none would."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping

_HASHES: Final = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: Final = {
    "256": (ec.SECP256R1(), "P-256"),
    "384": (ec.SECP384R1(), "P-384"),
    "512": (ec.SECP521R1(), "P-521"),
}


class IssuerKey:
    """A new key of an algorithm; with `secret`, an HMAC key of exactly these bytes."""

    def __init__(
        self,
        algorithm: str = "ES256",
        key_id: str | None = None,
        *,
        secret: bytes | None = None,
        rsa_bits: int = 2048,
    ) -> None:
        self.algorithm = algorithm
        self.key_id = key_id
        self._digits = algorithm[2:]
        self._key: Any
        if algorithm.startswith("HS"):
            self._key = secret or secrets.token_bytes(64)
        elif algorithm.startswith("ES"):
            self._key = ec.generate_private_key(_CURVES[self._digits][0])
        elif algorithm == "EdDSA":
            self._key = ed25519.Ed25519PrivateKey.generate()
        else:
            self._key = rsa.generate_private_key(65537, rsa_bits)

    def sign(
        self,
        claims: Mapping[str, Any] | bytes,
        header: Mapping[str, Any] | bytes | None = None,
        *,
        padded: bool = False,
    ) -> str:
        """Return a compact JWS. `header` replaces the usual members; bytes are signed unchanged."""
        if not isinstance(header, bytes):
            named = {} if self.key_id is None else {"kid": self.key_id}
            header = _json({"alg": self.algorithm, "typ": "JWT", **named, **(header or {})})
        body = claims if isinstance(claims, bytes) else _json(claims)
        signing_input = f"{encoded(header, padded=padded)}.{encoded(body, padded=padded)}"
        signature = self.signature(signing_input.encode())
        return f"{signing_input}.{encoded(signature, padded=padded)}"

    def signature(self, message: bytes) -> bytes:
        """Sign bytes (RFC 7518, section 3)."""
        if self.algorithm == "EdDSA":
            return bytes(self._key.sign(message))
        digest = _HASHES[self._digits]
        if self.algorithm.startswith("HS"):
            return hmac.digest(self._key, message, f"sha{self._digits}")
        if self.algorithm.startswith("ES"):
            r, s = decode_dss_signature(self._key.sign(message, ec.ECDSA(digest)))
            length = (self._key.curve.key_size + 7) // 8
            return r.to_bytes(length, "big") + s.to_bytes(length, "big")
        if self.algorithm.startswith("PS"):
            pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
            return bytes(self._key.sign(message, pss, digest))
        return bytes(self._key.sign(message, padding.PKCS1v15(), digest))

    def jwk(self, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - members of any kind
        """Return the public key as a JWK; `members` are added or replaced."""
        public = self._key.public_key()
        jwk: dict[str, Any] = {"use": "sig", "alg": self.algorithm}
        if self.key_id is not None:
            jwk["kid"] = self.key_id
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            jwk |= {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        elif isinstance(public, ec.EllipticCurvePublicKey):
            point, length = public.public_numbers(), (public.key_size + 7) // 8
            x, y = _number(point.x, length), _number(point.y, length)
            jwk |= {"kty": "EC", "crv": _CURVES[self._digits][1], "x": x, "y": y}
        else:
            x = encoded(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
            jwk |= {"kty": "OKP", "crv": "Ed25519", "x": x}
        return {**jwk, **members}

    def pem(self) -> bytes:
        """Return the public key as PEM."""
        public = self._key.public_key()
        return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def spellings(self) -> dict[str, bytes]:
        """Return every spelling in which the public key could be taken for a secret."""
        public, pem, jwk = self._key.public_key(), self.pem(), self.jwk()
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "PEM": pem,
            "PEM, stripped": pem.strip(),
            "PEM, CRLF": pem.replace(b"\n", b"\r\n"),
            "DER": der,
            "base64 of DER": b64encode(der),
            "base64url of DER": base64url.encode(der).encode(),
            "base64 of PEM": b64encode(pem),
            "JWK": _json(jwk),
            "JWK with blanks": json.dumps(jwk).encode(),
            "JWKS": _json({"keys": [jwk]}),
            "SHA-256 of DER": hashlib.sha256(der).digest(),
        }


def encoded(value: bytes, *, padded: bool = False) -> str:
    """Return bytes as base64url, by default without padding as in a JWS."""
    text = base64url.encode(value)
    return text + "=" * (-len(text) % 4) if padded else text


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _number(value: int, length: int | None = None) -> str:
    return encoded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))
