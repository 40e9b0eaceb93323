"""From headers to an identity: which header is what, and how its value is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from pydantic import Field

from app.authenticators.headers.header_values import (
    display_reader,
    groups_reader,
    identifier_reader,
)
from app.settings.variables import HeaderName, Variables


class IdentityHeaders(Variables):
    """Which header has which part of an identity."""

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


Read = Callable[[bytes], str | tuple[str, ...]]


def _identifier(variables: IdentityHeaders) -> Read:
    return identifier_reader(variables.encoding, variables.max_length)


def _display(variables: IdentityHeaders) -> Read:
    return display_reader(variables.encoding, variables.max_length)


def _groups(variables: IdentityHeaders) -> Read:
    return groups_reader(variables.encoding, variables.groups_separator)


_FIELDS: Final[tuple[tuple[str, str, Callable[[IdentityHeaders], Read]], ...]] = (
    ("subject", "subject_header", _identifier),
    ("email", "email_header", _identifier),
    ("name", "name_header", _display),
    ("org_id", "org_id_header", _identifier),
    ("org_name", "org_name_header", _display),
    ("groups", "groups_header", _groups),
)
"""A field of Identity, the variable that names its header, and how its value is read."""


class HeaderReader:
    """Reads the headers that `variables` name; `names` are these headers, in lower case."""

    def __init__(self, variables: IdentityHeaders) -> None:
        self._fields = [
            (field, header.encode(), reader(variables))
            for field, variable, reader in _FIELDS
            if (header := getattr(variables, variable)) is not None
        ]
        self.names = frozenset(header for _, header, _ in self._fields)

    def read(self, headers: Mapping[bytes, bytes]) -> dict[str, Any]:
        """Return the fields of an identity that `headers` have; an empty one is left out.

        Raises:
            InvalidCredential: an id that does not decode or has a comma, or a value too long.
        """
        return {
            field: text
            for field, header, read in self._fields
            if (value := headers.get(header)) and (text := read(value))
        }
