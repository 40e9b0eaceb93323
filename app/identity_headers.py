"""From headers to an identity: which header is what, and how its value is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from app.errors import InvalidCredential
from app.header_values import display, identifier
from app.variables import HeaderName, Variables

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
        self._max_length = variables.max_length
        self._separator = variables.groups_separator
        fields = (name for name in IdentityHeaders.model_fields if name.endswith(_SUFFIX))
        self._fields = [
            (field.removesuffix(_SUFFIX), header.encode(), self._reading(field))
            for field in fields
            if (header := getattr(variables, field)) is not None
        ]
        self._encoding = variables.encoding
        self.names = frozenset(header for _, header, _ in self._fields)

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

    def _reading(self, field: str) -> Callable[[bytes], str | tuple[str, ...]]:
        if field == "groups_header":
            return self._groups
        return self._display if field.endswith("name_header") else self._identifier

    def _groups(self, value: bytes) -> tuple[str, ...]:
        groups = display(value, self._encoding).split(self._separator)
        return tuple(filter(None, map(str.strip, groups)))

    def _display(self, value: bytes) -> str:
        self._check_length(value)
        return display(value, self._encoding)

    def _identifier(self, value: bytes) -> str:
        self._check_length(value)
        return identifier(value, self._encoding)

    def _check_length(self, value: bytes) -> None:
        if len(value) > self._max_length:
            raise InvalidCredential(f"an identity header is {len(value)} bytes long")
