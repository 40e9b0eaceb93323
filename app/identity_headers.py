"""From headers to an identity: which header is what, and how its value is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from app.errors import InvalidCredential
from app.header_values import display, identifier
from app.variables import HeaderName, Variables

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        self._variables = variables
        fields = (name for name in IdentityHeaders.model_fields if name.endswith(_SUFFIX))
        self._headers = {
            field.removesuffix(_SUFFIX): header.encode()
            for field in fields
            if (header := getattr(variables, field)) is not None
        }
        self.names = frozenset(self._headers.values())

    def read(self, headers: Mapping[bytes, bytes]) -> dict[str, Any]:
        """Give the fields of an identity that stand in `headers`; empty ones are not there.

        Raises:
            InvalidCredential: an id that does not decode or has a comma, or a value too long.
        """
        return {
            field: value
            for field, header in self._headers.items()
            if headers.get(header) and (value := self._value(field, headers[header]))
        }

    def _value(self, field: str, value: bytes) -> str | tuple[str, ...]:
        encoding = self._variables.encoding
        if field == "groups":
            groups = display(value, encoding).split(self._variables.groups_separator)
            return tuple(stripped for group in groups if (stripped := group.strip()))
        if len(value) > self._variables.max_length:
            raise InvalidCredential(f"an identity header is {len(value)} bytes long")
        return (display if field.endswith("name") else identifier)(value, encoding)
