"""How a secret is written in a variable, and the bytes that it stands for."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Final, Literal

from app.tokens import base64url

SecretEncoding = Literal["raw", "base64", "base64url", "hex"]


def _base64(text: str) -> bytes:
    """Decode base64; its padding may be left out, as many leave it out."""
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


_DECODERS: Final[Mapping[SecretEncoding, Callable[[str], bytes]]] = {
    "raw": str.encode,
    "base64": _base64,
    "base64url": partial(base64url.decode, padding_allowed=True),
    "hex": bytes.fromhex,
}

_OTHER_ALPHABET: Final[Mapping[SecretEncoding, SecretEncoding]] = {
    "base64": "base64url",
    "base64url": "base64",
}


def decode_secret(text: str, encoding: SecretEncoding) -> bytes:
    """Return the bytes that a secret stands for.

    Raises:
        ValueError: it is not in that encoding.
    """
    try:
        return _DECODERS[encoding](text)
    except ValueError:
        wrong = f"is not {encoding}, the encoding that is set{_likely(text, encoding)}"
        raise ValueError(wrong) from None


def _likely(text: str, encoding: SecretEncoding) -> str:
    """Return what may be the reason, in words that say nothing of the secret."""
    if len(text.split()) > 1:
        return ": write it on one line"
    other = _OTHER_ALPHABET.get(encoding)
    if other is not None:
        with suppress(ValueError):
            _DECODERS[other](text)
            return f": it may be {other}"
    return ""


def possible_bytes(text: str) -> set[bytes]:
    """Return all the bytes that a secret may stand for, whatever its encoding."""
    found = set()
    for decode in _DECODERS.values():
        with suppress(ValueError):
            found.add(decode(text))
    return found
