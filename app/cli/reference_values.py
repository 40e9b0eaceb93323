"""What a variable may be: its type, choices and range, in words."""

from __future__ import annotations

from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from pydantic import SecretStr

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_WORDS: Final[dict[Any, str]] = {
    bool: "`true` or `false`",
    int: "whole number",
    float: "number",
    tuple: "list, with commas",
    dict: "JSON object",
    Path: "path of a file or folder",
    SecretStr: "secret",
}

_LIMITS: Final = (("ge", "from"), ("gt", "over"), ("le", "to"))
"""How pydantic keeps a limit in a field's metadata, and its word."""


def choices_of(field: FieldInfo) -> list[str]:
    """Return the only values that a variable may have; empty where there are others."""
    kind = _kind(field)
    return list(get_args(kind)) if get_origin(kind) is Literal else []


def values_of(field: FieldInfo) -> str:
    """Return what a variable may be, in words."""
    choices = choices_of(field)
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    kind = _kind(field)
    words = _WORDS.get(get_origin(kind) or kind, "text")
    limits = [
        f"{word} {getattr(each, attribute):g}"
        for attribute, word in _LIMITS
        for each in field.metadata
        if hasattr(each, attribute)
    ]
    return " ".join([words, *limits])


def _kind(field: FieldInfo) -> Any:  # noqa: ANN401 - a type, or a form of typing
    """Return the type of a variable that is set."""
    of_it = [each for each in get_args(field.annotation) if each is not NoneType]
    is_optional = NoneType in get_args(field.annotation)
    kind: Any = of_it[0] if is_optional else field.annotation
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    return kind
