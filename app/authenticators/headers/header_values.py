"""How proxies write identities into headers: encodings, lists, payloads."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from app.errors import InvalidCredential
from app.tokens import base64url
from app.tokens.strict_json import strict_json

_TIMES: Final = frozenset({"exp", "iat", "nbf", "auth_time"})
_EPOCH_SECONDS: Final = re.compile(r"[0-9]{1,12}")


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
    """Read Easy Auth's `{claims: [{typ, val}]}`, in which every value is text and types repeat.

    Microsoft, "Work with user identities in Azure App Service authentication". The values of a
    repeated type are a list, and times are numbers again.
    """
    claims: dict[str, Any] = {}
    for claim in strict_json(b64decode(value, validate=True)).get("claims") or []:
        name, text = claim["typ"], claim["val"]
        if name not in claims:
            claims[name] = text
        elif isinstance(claims[name], list):
            claims[name].append(text)
        elif claims[name] != text:
            claims[name] = [claims[name], text]
    for name in _TIMES & claims.keys():
        claims[name] = _time(claims[name])
    return claims


def _time(value: Any) -> Any:  # noqa: ANN401 - of any type; only text is converted
    if not isinstance(value, str):
        return value
    if not _EPOCH_SECONDS.fullmatch(value):
        raise ValueError("not a time in epoch seconds")
    return int(value)


_PAYLOADS: Final[Mapping[str, Callable[[bytes], dict[str, Any]]]] = {
    "base64-json": lambda value: strict_json(b64decode(value, validate=True)),
    "base64url-json": lambda value: strict_json(_base64url(value)),
    "azure-principal": _azure_principal,
}


def payload(value: bytes, payload_format: str) -> dict[str, Any]:
    """Read the claims in one header.

    Raises:
        InvalidCredential: not in the format `payload_format`.
    """
    try:
        return _PAYLOADS[payload_format](value)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidCredential(f"the payload is not {payload_format}") from error


def identifier_reader(encoding: str, max_length: int) -> Callable[[bytes], str]:
    """Return a function that decodes an id or e-mail address of at most `max_length` bytes.

    It raises InvalidCredential for a longer value, for bytes that do not decode, and for a comma: a
    proxy's way to join a repeated header.
    """

    def read(value: bytes) -> str:
        text = _decoded(value, encoding, max_length, "an id")
        if b"," in value or "," in text:
            raise InvalidCredential("an id has a comma")
        return text

    return read


def text_reader(encoding: str, max_length: int) -> Callable[[bytes], str]:
    """Return a function that decodes a claim of at most `max_length` bytes.

    It raises InvalidCredential for a longer value, for bytes that do not decode, and for characters
    that cannot be printed.
    """

    def read(value: bytes) -> str:
        text = _decoded(value, encoding, max_length, "a claim in a header")
        if not text.isprintable():
            raise InvalidCredential("a claim in a header has characters that cannot be printed")
        return text

    return read


def display_reader(encoding: str, max_length: int) -> Callable[[bytes], str]:
    """Return a function that decodes text for people as well as it can; nothing depends on it.

    It raises InvalidCredential for more than `max_length` bytes.
    """

    def read(value: bytes) -> str:
        _check_length(value, max_length)
        return _displayed(value, encoding)

    return read


def groups_reader(
    encoding: str, separator: str, escape: str = ""
) -> Callable[[bytes], tuple[str, ...]]:
    """Return a function that decodes a list of groups; the server bounds its length.

    Each name may be in quotes, as Vouch Proxy writes them: the separator may then be inside. It
    may be inside after an `escape`, too, which is written twice for itself.
    """
    split = _split_at_unescaped(separator, escape) if escape else _split(separator)

    def read(value: bytes) -> tuple[str, ...]:
        names = split(_displayed(value, encoding))
        return tuple(name for each in names if (name := each.strip()))

    return read


def _split(separator: str) -> Callable[[str], list[str]]:
    def split(text: str) -> list[str]:
        if len(text) > 1 and text.startswith('"') and text.endswith('"'):
            return text[1:-1].split(f'"{separator}"')
        return text.split(separator)

    return split


def _split_at_unescaped(separator: str, escape: str) -> Callable[[str], list[str]]:
    between, before = re.escape(separator), re.escape(escape)
    escaped = re.compile(f"{before}({before}|{between})")
    item = re.compile(f"{between}|((?:{before}(?:{before}|{between})|(?!{between}).)+)")
    return lambda text: [escaped.sub(r"\1", each) for each in item.findall(text)]


def _decoded(value: bytes, encoding: str, max_length: int, what: str) -> str:
    _check_length(value, max_length)
    try:
        return DECODERS[encoding](value)
    except ValueError as error:
        raise InvalidCredential(f"{what} is not {encoding}") from error


def _displayed(value: bytes, encoding: str) -> str:
    try:
        text = DECODERS[encoding](value)
    except ValueError:
        text = value.decode("utf-8", errors="replace")
    return "".join(character for character in text if character.isprintable()).strip()


def _check_length(value: bytes, max_length: int) -> None:
    if len(value) > max_length:
        raise InvalidCredential(
            f"an identity header is {len(value)} bytes long; {max_length} are allowed"
        )
