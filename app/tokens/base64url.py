"""Base64url as JSON Web Signatures have it (RFC 7515, section 2): without padding."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")


def encode(value: bytes) -> str:
    """Return bytes as base64url without padding."""
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def decode(text: str, *, padding_allowed: bool = False) -> bytes:
    """Return the bytes that base64url stands for.

    Padding is refused unless `padding_allowed`; then the text has all of it or none.

    Raises:
        ValueError: another character, such as a blank or a line end; a length that nothing has.
    """
    unpadded = text
    if padding_allowed and len(text) % 4 == 0:
        unpadded = text.removesuffix("=").removesuffix("=")
    if not _ALPHABET.fullmatch(unpadded):
        raise ValueError("is not base64url")
    return urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))
