"""JSON as the standard library writes it, by an encoder that is made once."""

from __future__ import annotations

from collections.abc import Callable
from json import encoder
from typing import Any, Final

_DEFAULT: Final = encoder.JSONEncoder().default


def json_writer(
    *,
    separators: tuple[str, str] = (", ", ": "),
    allow_nan: bool = False,
    default: Callable[[Any], Any] = _DEFAULT,
) -> Callable[[object], str]:
    """Give a `json.dumps` with these arguments.

    `json.dumps` itself makes an encoder for every call, which takes longer than its work (CPython,
    `JSONEncoder.iterencode`).
    """
    item, key = separators
    made = encoder.c_make_encoder  # type: ignore[attr-defined] # typeshed has public names only
    escaped = encoder.encode_basestring_ascii
    write = made(None, default, escaped, None, key, item, False, False, allow_nan)
    return lambda value: "".join(write(value, 0))
