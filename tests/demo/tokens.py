"""Tokens for the marketplace: good ones of another library, bad ones by hand."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

HEADER = {"typ": "JWT", "alg": "HS256"}  # in the order of the library


def signed(claims: Mapping[str, Any], key: bytes) -> str:
    """Sign with HS256 in a library that neither the service nor the demo uses."""
    return jwt.encode(HEADER, dict(claims), OctKey.import_key(key))


def forged(header: object, claims: object, key: bytes, digest: str = "sha256") -> str:
    """Sign anything at all; text and bytes stand in the token as they are."""
    signing_input = f"{part(header)}.{part(claims)}"
    signature = hmac.new(key, signing_input.encode(), getattr(hashlib, digest)).digest()
    return f"{signing_input}.{part(signature)}"


def part(value: object) -> str:
    """Encode one part of a token: bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        value = json.dumps(value).encode()
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
