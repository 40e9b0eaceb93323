"""Read the credential of a request, which is in one header or one cookie, exactly once."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from app.errors import InvalidCredential

if TYPE_CHECKING:
    import falcon.asgi

MAX_COOKIE_BYTES: Final = 32 * 1024
"""The server passes no longer header field; longer cookies are not parsed."""

_COOKIE_VALUE: Final = re.compile(rb'"[!#-+\--:<-\[\]-~]*"|[!#-+\--:<-\[\]-~]*')
"""RFC 6265, section 4.1.1: no blank, quote, comma, semicolon or backslash inside."""

_CHUNK_MARKS: Final = b".-_C"


def header_value(request: falcon.asgi.Request, name: bytes, scheme: bytes = b"") -> bytes:
    """Return a header's value after its scheme; empty without the header, or with another scheme.

    `name` and `scheme` are in lower case; a scheme is compared without case (RFC 9110, 11.1).

    Raises:
        InvalidCredential: the header is repeated.
    """
    values = [value for each, value in request.scope["headers"] if each == name]
    if len(values) > 1:
        raise InvalidCredential("the header of the credential is repeated")
    if not values or not scheme:
        return b"".join(values)
    found, _, credential = values[0].partition(b" ")
    return credential if found.lower() == scheme else b""


def cookie_value(
    request: falcon.asgi.Request, name: bytes, *, chunks: Collection[bytes] = ()
) -> bytes:
    """Return a cookie's value; empty without the cookie.

    `chunks` are names of chunks that the caller reads, too.

    Raises:
        InvalidCredential: the cookie is repeated, malformed or in chunks, or all cookies together
            are longer than a browser sends.
    """
    lines = [value for each, value in request.scope["headers"] if each == b"cookie"]
    if sum(map(len, lines)) > MAX_COOKIE_BYTES:
        raise InvalidCredential("the cookies are longer than a browser sends")
    found: bytes | None = None
    chunked = False
    for pair in b";".join(lines).split(b";"):
        each, equals, value = pair.strip(b" \t").partition(b"=")
        if each.strip(b" \t") == name:
            if found is not None or not equals or not _COOKIE_VALUE.fullmatch(value):
                raise InvalidCredential("the cookie of the credential is malformed or repeated")
            found = value
        elif each.startswith(name):
            chunked = chunked or (_is_chunk(each[len(name) :]) and each not in chunks)
    if chunked and found is None:
        raise InvalidCredential("the cookie of the credential is in chunks")
    return found or b""


def _is_chunk(rest: bytes) -> bool:
    """Tell whether a name ends as those of a cookie's chunks do: `.0`, `-1`, `_2`, `C3`."""
    return rest[:1] in _CHUNK_MARKS and rest[1:].isdigit()
