"""How proxies write identities into headers: encodings, lists, payloads."""

from __future__ import annotations

import binascii
from base64 import b64decode
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from app.errors import InvalidCredential
from app.tokens import InvalidToken, strict_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _rfc2047(value: bytes) -> str:
    try:
        return str(make_header(decode_header(value.decode("ascii"))))
    except (HeaderParseError, LookupError) as error:
        raise ValueError("not RFC 2047") from error


def _base64url(value: bytes) -> bytes:
    return b64decode(value + b"=" * (-len(value) % 4), altchars=b"-_", validate=True)


DECODERS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "utf-8": lambda value: value.decode("utf-8"),
    "latin-1": lambda value: value.decode("latin-1"),
    "rfc2047": _rfc2047,
    "percent": lambda value: unquote_to_bytes(value).decode("utf-8"),
    "base64url": lambda value: _base64url(value).decode("utf-8"),
}
"""Each raises `ValueError` for bytes that are not in its encoding."""


def _azure_principal(value: bytes) -> dict[str, Any]:
    """Flatten Easy Auth's `{claims: [{typ, val}]}`; a type that comes again becomes a list."""
    claims: dict[str, Any] = {}
    for claim in strict_json(b64decode(value, validate=True)).get("claims", []):
        name, text = claim["typ"], claim["val"]
        if name in claims:
            earlier = claims[name]
            text = [*(earlier if isinstance(earlier, list) else [earlier]), text]
        claims[name] = text
    return claims


_PAYLOADS: Final[Mapping[str, Callable[[bytes], dict[str, Any]]]] = {
    "base64-json": lambda value: strict_json(b64decode(value, validate=True)),
    "base64url-json": lambda value: strict_json(_base64url(value)),
    "azure-principal": _azure_principal,
}


def payload(value: bytes, payload_format: str) -> dict[str, Any]:
    """Read the claims in one header.

    Raises:
        InvalidCredential: not what `payload_format` says.
    """
    try:
        return _PAYLOADS[payload_format](value)
    except (InvalidToken, binascii.Error, ValueError, TypeError, KeyError) as error:
        raise InvalidCredential(f"the payload is not {payload_format}") from error


def identifier(value: bytes, encoding: str) -> str:
    """Decode an id or e-mail address.

    Raises:
        InvalidCredential: bytes that do not decode, or a comma: a proxy's way to join a header
            that came twice.
    """
    try:
        text = DECODERS[encoding](value)
    except ValueError as error:
        raise InvalidCredential(f"an id is not {encoding}") from error
    if b"," in value or "," in text:
        raise InvalidCredential("an id has a comma")
    return text


def display(value: bytes, encoding: str) -> str:
    """Decode text for people as far as it goes; nothing is decided by it."""
    try:
        text = DECODERS[encoding](value)
    except ValueError:
        text = value.decode("utf-8", errors="replace")
    if text.isprintable():
        return text.strip()
    return "".join(character for character in text if character.isprintable()).strip()
