"""Where a request carries a credential: in one header, or in one cookie, exactly once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from app.errors import InvalidCredential

if TYPE_CHECKING:
    import falcon.asgi

MAX_COOKIE_BYTES: Final = 32 * 1024
"""What the server lets through as one header field; nothing longer is taken apart."""

_COOKIE_VALUE: Final = re.compile(rb'"[!#-+\--:<-\[\]-~]*"|[!#-+\--:<-\[\]-~]*')
"""RFC 6265, section 4.1.1: no blank, quote, comma, semicolon or backslash inside."""

_CHUNK_MARKS: Final = b".-_C"


def header_value(request: falcon.asgi.Request, name: bytes, scheme: bytes = b"") -> bytes:
    """Give a header's value behind its scheme; empty where there is none, or another's scheme.

    `name` and `scheme` are in lower case; a scheme is compared without case (RFC 9110, 11.1).

    Raises:
        InvalidCredential: the header comes twice.
    """
    values = [value for each, value in request.scope["headers"] if each == name]
    if len(values) > 1:
        raise InvalidCredential("the header of the credential comes twice")
    if not values or not scheme:
        return b"".join(values)
    found, _, credential = values[0].partition(b" ")
    return credential if found.lower() == scheme else b""


def cookie_value(request: falcon.asgi.Request, name: bytes) -> bytes:
    """Give a cookie's value; empty where it is not there.

    Raises:
        InvalidCredential: the cookie comes twice, malformed or in chunks, or among so many bytes
            that no browser has sent them.
    """
    lines = [value for each, value in request.scope["headers"] if each == b"cookie"]
    if sum(map(len, lines)) > MAX_COOKIE_BYTES:
        raise InvalidCredential("the cookies are too long to be a browser's")
    found: bytes | None = None
    chunked = False
    for pair in b";".join(lines).split(b";"):
        each, equals, value = pair.strip(b" \t").partition(b"=")
        if each.strip(b" \t") == name:
            if found is not None or not equals or not _COOKIE_VALUE.fullmatch(value):
                raise InvalidCredential("the cookie of the credential is malformed or comes twice")
            found = value
        elif each.startswith(name):
            chunked = chunked or _is_chunk(each[len(name) :])
    if chunked and found is None:
        raise InvalidCredential("the cookie of the credential comes in chunks")
    return found or b""


def _is_chunk(rest: bytes) -> bool:
    """Tell the names that frameworks give to the parts of a cookie: `.0`, `-1`, `_2`, `C3`."""
    return rest[:1] in _CHUNK_MARKS and rest[1:].isdigit()
