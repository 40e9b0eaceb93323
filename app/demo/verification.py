"""How the marketplace checks a token: the standard library alone, nothing of the service.

What the service signs is read here with other eyes, so that the demo shows more than one piece of
code agreeing with itself.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from typing import Any

MOST_BRACKETS = 100  # of header or claims; deep nesting would exhaust Python's stack
MISSING = object()  # no claim has this value
SIGNATURE_BYTES = 32  # SHA-256, RFC 7518 section 3.2


class RefusedToken(Exception):
    """The token does not hold; the text says why, in words for a page."""


@dataclass(frozen=True)
class Token:
    """A compact JWS taken apart (RFC 7515 section 3.1), not yet verified."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def read(text: str) -> Token:
    """Take a token apart.

    Raises:
        RefusedToken: `text` is not three parts of base64url with two JSON objects in them.
    """
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature: RFC 7515 section 3.1
        raise RefusedToken(f"A token has three parts; this one has {len(parts)}.")
    header, claims, signature = parts
    return Token(
        header=_json_object("header", header),
        claims=_json_object("claims", claims),
        signed=f"{header}.{claims}".encode(),
        signature=_bytes("signature", signature),
    )


def verify(token: Token, key: bytes) -> None:
    """Return if `token` was signed with `key` by HS256, the one algorithm of both vendors.

    Raises:
        RefusedToken: another algorithm, or a signature that is not the one of this key.
    """
    algorithm = token.header.get("alg")
    if algorithm != "HS256":
        raise RefusedToken(f"The algorithm is {json.dumps(algorithm)}; only HS256 is taken here.")
    if len(token.signature) != SIGNATURE_BYTES:
        raise RefusedToken(
            f"The signature has {len(token.signature)} bytes; one of HS256 has {SIGNATURE_BYTES}."
        )
    if not hmac.compare_digest(hmac.digest(key, token.signed, "sha256"), token.signature):
        raise RefusedToken("The signature was not made with this marketplace's key.")


def _bytes(name: str, part: str) -> bytes:
    """Decode base64url without padding; only the one canonical spelling is taken."""
    try:
        decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        decoded = b""
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != part:
        raise RefusedToken(f"The {name} part is not base64url.")
    return decoded


def _json_object(name: str, part: str) -> dict[str, Any]:
    text = _bytes(name, part)
    if text.count(b"{") + text.count(b"[") > MOST_BRACKETS:
        raise RefusedToken(f"The {name} part is nested too deep.")
    try:
        value = json.loads(text.decode())
    except ValueError:
        raise RefusedToken(f"The {name} part is not JSON.") from None
    if not isinstance(value, dict):
        raise RefusedToken(f"The {name} part is not a JSON object.")
    return value


def find(claims: object, path: str) -> object:
    """Return the claim at a dotted `path`, or `MISSING`."""
    for name in path.split("."):
        if not isinstance(claims, dict) or name not in claims:
            return MISSING
        claims = claims[name]
    return claims
