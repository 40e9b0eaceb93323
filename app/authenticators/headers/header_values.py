"""How proxies write identities into headers: encodings, lists, payloads."""

from __future__ import annotations

from base64 import b64decode
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes

from app.errors import InvalidCredential
from app.tokens import base64url
from app.tokens.strict_json import strict_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _rfc2047(value: bytes) -> str:
    try:
        return str(make_header(decode_header(value.decode("ascii"))))
    except (HeaderParseError, LookupError) as error:
        raise ValueError("not RFC 2047") from error


def _base64url(value: bytes) -> bytes:
    return base64url.decode(value.decode("ascii"), padding_allowed=True)


DECODERS: Final[Mapping[str, Callable[[bytes], str]]] = {
    "utf-8": bytes.decode,
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
    except (ValueError, TypeError, KeyError) as error:
        raise InvalidCredential(f"the payload is not {payload_format}") from error


def identifier_reader(encoding: str, max_length: int) -> Callable[[bytes], str]:
    """Give what decodes an id or e-mail address of at most `max_length` bytes.

    It raises InvalidCredential for a longer one, for bytes that do not decode, and for a comma: a
    proxy's way to join a header that came twice.
    """
    decode = DECODERS[encoding]

    def read(value: bytes) -> str:
        if len(value) > max_length:
            raise _too_long(value)
        try:
            text = decode(value)
        except ValueError as error:
            raise InvalidCredential(f"an id is not {encoding}") from error
        if b"," in value or "," in text:
            raise InvalidCredential("an id has a comma")
        return text

    return read


def display_reader(encoding: str, max_length: int) -> Callable[[bytes], str]:
    """Give what decodes text for people as far as it goes; nothing is decided by it.

    It raises InvalidCredential for more than `max_length` bytes.
    """
    decode = DECODERS[encoding]

    def read(value: bytes) -> str:
        if len(value) > max_length:
            raise _too_long(value)
        try:
            text = decode(value)
        except ValueError:
            text = value.decode("utf-8", errors="replace")
        if text.isprintable():
            return text.strip()
        return "".join(character for character in text if character.isprintable()).strip()

    return read


def _too_long(value: bytes) -> InvalidCredential:
    return InvalidCredential(f"an identity header is {len(value)} bytes long")
