"""From headers to an identity: which header is what, and how its value is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_settings import NoDecode

from app.authenticators.headers.header_values import (
    display_reader,
    groups_reader,
    identifier_reader,
    text_reader,
)
from app.identity import is_no_address
from app.settings.variables import HeaderName, Variables, WrongVariable

_CREDENTIALS: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
_CLAIM_NAME: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")


def _claim_headers(value: Any) -> Any:  # noqa: ANN401 - text of the environment, or a default
    """Read `claim=Header,other=Other-Header`."""
    if not isinstance(value, str):
        return value
    headers: dict[str, str] = {}
    for pair in filter(None, map(str.strip, value.split(","))):
        claim, equals, header = (part.strip() for part in pair.partition("="))
        if not equals or not _CLAIM_NAME.fullmatch(claim):
            raise ValueError(f"has {pair!r}, which is not like department=X-Department")
        if claim in headers:
            raise ValueError(f"has the claim {claim!r} twice")
        headers[claim] = header
    return headers


ClaimHeaders = Annotated[dict[str, HeaderName], NoDecode, BeforeValidator(_claim_headers)]
"""Headers by the claim that each of them is."""


class IdentityHeaders(Variables):
    """Which header has which part of an identity."""

    subject_header: HeaderName | None = Field("X-Forwarded-User", description="the user's id")
    email_header: HeaderName | None = Field(None, description="the e-mail address")
    name_header: HeaderName | None = Field(None, description="the display name")
    given_name_header: HeaderName | None = Field(None, description="the first name")
    family_name_header: HeaderName | None = Field(None, description="the last name")
    org_id_header: HeaderName | None = Field(None, description="the id of the organisation")
    org_name_header: HeaderName | None = Field(None, description="its name")
    groups_header: HeaderName | None = Field(None, description="the groups, in one value")
    claim_headers: ClaimHeaders = Field(
        {},
        description="further headers as claims, like `department=X-Department,plan=X-Plan`: "
        "`{claims.department}`",
    )
    groups_separator: str = Field(",", min_length=1, description="what stands between groups")
    groups_escape: str = Field(
        "", max_length=1, description="what stands before a separator inside of a group's name"
    )
    encoding: Literal["utf-8", "latin-1", "rfc2047", "percent", "base64url"] = Field(
        "utf-8", description="how the values are encoded"
    )
    max_length: int = Field(512, ge=1, le=8192, description="bytes of one value")

    @model_validator(mode="after")
    def _check_no_credential_is_told(self) -> Self:
        """Refuse what would put a credential of the host into tokens for vendors."""
        named = [(variable, getattr(self, variable)) for _, variable, _ in _FIELDS]
        named += [("claim_headers", header) for header in self.claim_headers.values()]
        for variable, header in named:
            if header in _CREDENTIALS:
                wrong = f"names {header}, a credential, which vendors would be told"
                raise WrongVariable(variable, f"{wrong}; name a header of your login's users")
        return self


Read = Callable[[bytes], str | tuple[str, ...]]


def _identifier(variables: IdentityHeaders) -> Read:
    return identifier_reader(variables.encoding, variables.max_length)


def _display(variables: IdentityHeaders) -> Read:
    return display_reader(variables.encoding, variables.max_length)


def _groups(variables: IdentityHeaders) -> Read:
    return groups_reader(variables.encoding, variables.groups_separator, variables.groups_escape)


_FIELDS: Final[tuple[tuple[str, str, Callable[[IdentityHeaders], Read]], ...]] = (
    ("subject", "subject_header", _identifier),
    ("email", "email_header", _identifier),
    ("name", "name_header", _display),
    ("given_name", "given_name_header", _display),
    ("family_name", "family_name_header", _display),
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
        self._claims = [
            (claim, header.encode()) for claim, header in variables.claim_headers.items()
        ]
        self._read_claim = text_reader(variables.encoding, variables.max_length)
        self.names = frozenset(header for _, header, _ in self._fields)
        self.names |= {header for _, header in self._claims}

    def read(self, headers: Mapping[bytes, bytes]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the fields of an identity and the claims that `headers` have.

        An empty one is left out, and so is an e-mail address that cannot be one.

        Raises:
            InvalidCredential: an id that does not decode or has a comma, or a value too long.
        """
        fields = {
            field: text
            for field, header, read in self._fields
            if (value := headers.get(header)) and (text := read(value))
        }
        if is_no_address(str(fields.get("email", ""))):
            del fields["email"]
        claims = {
            claim: self._read_claim(value)
            for claim, header in self._claims
            if (value := headers.get(header))
        }
        return fields, claims
