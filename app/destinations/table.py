"""What all tables of a destinations file have in common."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


class Table(BaseModel):
    """A table: no key that is not known, and no value in a message."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _anchored(pattern: str) -> str:
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise ValueError("is not anchored; begin it with ^ and end it with $")
    try:
        compiled(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_anchored)]
"""A regular expression for a whole value."""


def compiled(pattern: str) -> re.Pattern[str]:
    r"""Compile a `Pattern`: `\d`, `\w` and `(?i:k)` mean ASCII, as those who write them think.

    Otherwise a vendor, which may fold them (NFKC), gets a fullwidth digit or the KELVIN SIGN.
    """
    return re.compile(pattern, re.ASCII)
