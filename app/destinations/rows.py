"""A row: the table of a destinations file that describes one vendor."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from app.destinations.handoff import NAME_DELIMITERS, Delivery
from app.destinations.parameters import RELATIVE_PATH, TEXT
from app.destinations.row_exchange import ExchangeTable
from app.destinations.row_renew import RenewTable
from app.destinations.table import Pattern, Table, compiled
from app.destinations.token_claims import TEMPLATE_NAMES
from app.destinations.variables import Path
from app.settings.addresses import checked_origin
from app.settings.variables import WithoutPatterns
from app.tokens.secret_encoding import SecretEncoding

_NOT_IN_A_HEADER: Final = frozenset({"alg", "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"})
"""Members that change how a token is read, or lead to a key (RFC 7515, section 4.1; RFC 7797)."""

_MEMBER: Final = re.compile(r"[A-Za-z0-9_#-]{1,64}")
_SEGMENT: Final = r"([a-z0-9][a-z0-9._-]*|\{[a-z_]+\})"


def _checked_header(members: dict[str, str]) -> dict[str, str]:
    for name, value in members.items():
        if name.lower() in _NOT_IN_A_HEADER:
            raise ValueError(f"sets {name}, which decides how a token is verified; remove it")
        if not (_MEMBER.fullmatch(name) and value and value.isprintable()):
            raise ValueError(f"has an invalid name or value at {name!r}")
    return members


class Parameter(Table):
    """A query parameter of our address: its allowed values, and whether the vendor gets it."""

    values: tuple[str, ...] = Field((), min_length=1)
    pattern: Pattern | None = None
    relative_path: bool = False
    forward: bool = True

    @model_validator(mode="after")
    def _check_one_rule(self) -> Self:
        if sum((bool(self.values), self.pattern is not None, self.relative_path)) > 1:
            raise ValueError("has more than one of values, pattern and relative_path; keep one")
        return self

    @property
    def rule(self) -> re.Pattern[str]:
        """The pattern that a whole value must match."""
        if self.values:
            return re.compile("|".join(map(re.escape, self.values)))
        if self.pattern is not None:
            return compiled(self.pattern)
        return RELATIVE_PATH if self.relative_path else TEXT


class RowPage(Table):
    """A page of a vendor: its address, and our path to it under the row's."""

    address: str
    path: str = Field("", pattern=rf"^({_SEGMENT}(/{_SEGMENT})*)?$")
    fragment: str = Field("", pattern=r"^[A-Za-z0-9._~!$&'()*+,;=:@/?%{}-]*$")
    ids: dict[str, Pattern] = Field({})
    claims: dict[str, Any] = Field({})
    required: tuple[str, ...] = ()
    allowed_groups: WithoutPatterns = Field((), min_length=1)


class Row(Table):
    """A table of the file, with its name."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")
    path: Path | None = None
    algorithm: Literal[
        "HS256",
        "HS384",
        "HS512",
        "RS256",
        "RS384",
        "RS512",
        "PS256",
        "ES256",
        "ES384",
        "EdDSA",
    ] = "HS256"
    header: Annotated[dict[str, str], AfterValidator(_checked_header)] = Field({})
    allow_short_key: bool = False
    key_encoding: SecretEncoding = "raw"
    parameter: str | None = Field(
        None, pattern=rf"^[A-Za-z0-9_.~{re.escape(NAME_DELIMITERS)}-]{{1,64}}$"
    )
    delivery: Delivery = "redirect"
    answer: dict[str, Any] = Field({})
    form_targets: tuple[Annotated[str, AfterValidator(checked_origin)], ...] = ()
    allowed_groups: WithoutPatterns = Field((), min_length=1)
    lifetime_seconds: int | None = Field(None, ge=1, le=86400)
    claims: dict[str, Any] = Field({})
    required: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = Field({})
    address: str | None = None
    fragment: str = ""
    pages: dict[str, RowPage] = Field({})
    exchange: ExchangeTable | None = None
    renew: RenewTable | None = None

    @property
    def root(self) -> str:
        """Our path for all pages of the vendor."""
        return self.path or f"/{self.name}-sso"

    @property
    def all_pages(self) -> dict[str, RowPage]:
        """The pages; the row's own address, if it has one, is the page `main`."""
        if self.address is None:
            return self.pages
        return {"main": RowPage(address=self.address, fragment=self.fragment), **self.pages}

    @property
    def template_names(self) -> tuple[str, ...]:
        """The placeholders that the row's claims may use."""
        return (*TEMPLATE_NAMES, *(f"parameter.{name}" for name in self.parameters))
