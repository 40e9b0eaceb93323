"""How a secret is written in a variable, and the bytes that it stands for."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, Literal

from app.tokens import base64url

SecretEncoding = Literal["raw", "base64", "base64url", "hex"]

_DECODERS: Final[Mapping[SecretEncoding, Callable[[str], bytes]]] = {
    "raw": str.encode,
    "base64": partial(b64decode, validate=True),
    "base64url": partial(base64url.decode, padding_allowed=True),
    "hex": bytes.fromhex,
}


def decode_secret(text: str, encoding: SecretEncoding) -> bytes:
    """Return the bytes that a secret stands for.

    Raises:
        ValueError: it is not in that encoding.
    """
    try:
        return _DECODERS[encoding](text)
    except ValueError:
        raise ValueError(f"is not {encoding}, the encoding that is set") from None


def possible_bytes(text: str) -> set[bytes]:
    """Return all the bytes that a secret may stand for, whatever its encoding."""
    found = set()
    for decode in _DECODERS.values():
        with suppress(ValueError):
            found.add(decode(text))
    return found
