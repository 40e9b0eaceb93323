"""From headers to an identity: which header is what, and how its value is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from app.authenticators.headers.header_values import display_reader, identifier_reader
from app.settings.variables import HeaderName, Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SUFFIX: Final = "_header"


class IdentityHeaders(Variables):
    """Where the parts of an identity stand."""

    subject_header: HeaderName | None = Field("X-Forwarded-User", description="the user's id")
    email_header: HeaderName | None = Field(None, description="the e-mail address")
    name_header: HeaderName | None = Field(None, description="the display name")
    org_id_header: HeaderName | None = Field(None, description="the id of the organisation")
    org_name_header: HeaderName | None = Field(None, description="its name")
    groups_header: HeaderName | None = Field(None, description="the groups, in one value")
    groups_separator: str = Field(",", min_length=1, description="what stands between groups")
    encoding: Literal["utf-8", "latin-1", "rfc2047", "percent", "base64url"] = Field(
        "utf-8", description="how the values are encoded"
    )
    max_length: int = Field(512, ge=1, le=8192, description="bytes of one value")


class HeaderReader:
    """Reads what `variables` name; `names` are the headers, in lower case."""

    def __init__(self, variables: IdentityHeaders) -> None:
        named = {
            field.removesuffix(_SUFFIX): header.encode()
            for field in IdentityHeaders.model_fields
            if field.endswith(_SUFFIX) and (header := getattr(variables, field)) is not None
        }
        self._fields = [(field, name, _reading(field, variables)) for field, name in named.items()]
        self.names = frozenset(named.values())

    def read(self, headers: Mapping[bytes, bytes]) -> dict[str, Any]:
        """Give the fields of an identity that stand in `headers`; empty ones are not there.

        Raises:
            InvalidCredential: an id that does not decode or has a comma, or a value too long.
        """
        return {
            field: read
            for field, header, reading in self._fields
            if (value := headers.get(header)) and (read := reading(value))
        }


def _reading(field: str, variables: IdentityHeaders) -> Callable[[bytes], str | tuple[str, ...]]:
    """Choose how a field is read, once and for all of its requests."""
    if field == "groups":
        return _groups_reader(variables.encoding, variables.groups_separator)
    reader = display_reader if field.endswith("name") else identifier_reader
    return reader(variables.encoding, variables.max_length)


def _groups_reader(encoding: str, separator: str) -> Callable[[bytes], tuple[str, ...]]:
    display = display_reader(encoding, sys.maxsize)  # the server bounds the list, not we

    def read(value: bytes) -> tuple[str, ...]:
        return tuple(name for each in display(value).split(separator) if (name := each.strip()))

    return read
