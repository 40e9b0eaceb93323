"""A row: the table of a destinations file that describes one vendor."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.destinations.handoff import Delivery
from app.destinations.parameters import RELATIVE_PATH, TEXT
from app.destinations.token_claims import TEMPLATE_NAMES
from app.destinations.variables import Path

_SEGMENT: Final = r"([a-z0-9][a-z0-9._-]*|\{[a-z_]+\})"


def _anchored(pattern: str) -> str:
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise ValueError("is not anchored; begin it with ^ and end it with $")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_anchored)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Parameter(_Table):
    """A query parameter of our address: its allowed values, and whether the vendor gets it."""

    values: tuple[str, ...] = ()
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
            return re.compile(self.pattern)
        return RELATIVE_PATH if self.relative_path else TEXT


class RowPage(_Table):
    """A page of a vendor: its address, and our path to it under the row's."""

    address: str
    path: str = Field("", pattern=rf"^({_SEGMENT}(/{_SEGMENT})*)?$")
    fragment: str = Field("", pattern=r"^[A-Za-z0-9._~!$&'()*+,;=:@/?%{}-]*$")
    ids: dict[str, Pattern] = {}
    claims: dict[str, Any] = {}
    required: tuple[str, ...] = ()


class Row(_Table):
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
    allow_short_key: bool = False
    parameter: str | None = Field(None, pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    delivery: Delivery = "redirect"
    lifetime_seconds: int | None = Field(None, ge=1, le=86400)
    claims: dict[str, Any] = {}
    required: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = {}
    address: str | None = None
    fragment: str = ""
    pages: dict[str, RowPage] = {}

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
