"""Find a token in what people paste: an address, a header, a command, JSON, wrapped lines."""

from __future__ import annotations

import re
from html import unescape
from typing import Final
from urllib.parse import unquote

# Each run of characters is looked at once: the text may be a megabyte of anything.
_TOKEN: Final = re.compile(
    r"(?<![A-Za-z0-9_-])ey[A-Za-z0-9_-]{6,}+\.[A-Za-z0-9_-]{2,}+\.[A-Za-z0-9_-]*+"
)
_BARE: Final = re.compile(r"[A-Za-z0-9_+/.-]*=*")
"""A token and nothing else, in whatever base64: it is read as it is, for what is wrong with it."""

_ADDRESS: Final = re.compile(r"https?://[^\s\"'<>`|^]+", re.IGNORECASE)
_NEXT_LINE: Final = re.compile(r"[A-Za-z0-9_.~%&=#+-]+")
_AFTER_ADDRESS: Final = ").,;]}"


def joined(text: str) -> str:
    """Return a text without the line ends at which a terminal or a mail has wrapped it."""
    first, *others = [line.strip() for line in text.strip().split("\n")]
    if all(_NEXT_LINE.fullmatch(line) and not _TOKEN.search(line) for line in others):
        return "".join([first, *others])
    return text.strip()


def token_of(text: str) -> str:
    """Return the first token in a text; a text that has none, or nothing else, comes as it is."""
    text = joined(text)
    found = None if _BARE.fullmatch(text) else find_token(text)
    return text if found is None else found


def find_token(text: str) -> str | None:
    """Return the first token in a text, if there is one."""
    found = _TOKEN.search(unquote(text))
    return None if found is None else found[0]


def address_of(text: str, token: str) -> str:
    """Return the address in a text that carries the token, or else its first one, or nothing."""
    plain = unescape(text.replace("\\/", "/"))  # as JSON and HTML write it
    addresses = [each.rstrip(_AFTER_ADDRESS) for each in _ADDRESS.findall(plain)]
    carrying = [each for each in addresses if token in unquote(each)]
    address = next(iter([*carrying, *addresses]), "")
    scheme, colon, rest = address.partition(":")
    return f"{scheme.lower()}{colon}{rest}"
