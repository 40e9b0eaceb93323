"""What a vendor's row may say, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.claims import InvalidTemplate, compile_template, merged
from app.destinations.destination import TEMPLATE_NAMES, Delivery
from app.destinations.parameters import RELATIVE_PATH, TEXT
from app.destinations.variables import Path, checked_template

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
_SEGMENT: Final = r"([a-z0-9][a-z0-9._-]*|\{[a-z_]+\})"
_NOT_AHEAD: Final = re.compile(r"\{(issued_at|now)(-[0-9]{1,9})?\}")

_LEADS_AWAY: Final = frozenset(
    {
        *("continue", "dest", "destination", "go", "goto", "link", "next", "out", "redirect"),
        *("redirecturi", "redirecturl", "return", "returnto", "returnurl", "target", "to", "uri"),
        "url",
    }
)
"""Names of parameters that vendors send their users to, without `_` and `-`, in lower case."""


def _anchored(pattern: str) -> str:
    if not (pattern.startswith("^") and pattern.endswith("$")):
        raise ValueError("is not anchored: begin it with ^ and end it with $")
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_anchored)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Parameter(_Table):
    """A query parameter of ours that is known: which values, and whether the vendor gets it."""

    values: tuple[str, ...] = ()
    pattern: Pattern | None = None
    relative_path: bool = False
    forward: bool = True

    @model_validator(mode="after")
    def _has_one_rule(self) -> Parameter:
        if sum((bool(self.values), self.pattern is not None, self.relative_path)) > 1:
            raise ValueError("has more than one of values, pattern and relative_path")
        return self

    @property
    def rule(self) -> re.Pattern[str]:
        """What a value must match as a whole."""
        if self.values:
            return re.compile("|".join(map(re.escape, self.values)))
        if self.pattern is not None:
            return re.compile(self.pattern)
        return RELATIVE_PATH if self.relative_path else TEXT


class Page(_Table):
    """A page of a vendor: its address, and our path to it below the vendor's."""

    address: str
    path: str = Field("", pattern=rf"^({_SEGMENT}(/{_SEGMENT})*)?$")
    fragment: str = Field("", pattern=r"^[A-Za-z0-9._~!$&'()*+,;=:@/?%{}-]*$")
    ids: dict[str, Pattern] = {}
    claims: dict[str, Any] = {}
    required: tuple[str, ...] = ()


class Vendor(_Table):
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
    pages: dict[str, Page] = {}

    @property
    def root(self) -> str:
        """Our path, under which all pages of the vendor stand."""
        return self.path or f"/{self.name}-sso"

    @property
    def all_pages(self) -> dict[str, Page]:
        """The pages; a vendor with an address of its own has one that is called `main`."""
        if self.address is None:
            return self.pages
        return {"main": Page(address=self.address, fragment=self.fragment), **self.pages}


def placeholders(text: str) -> list[str]:
    """Give the names of the placeholders in a path or an address."""
    return _PLACEHOLDER.findall(text)


def template_names(vendor: Vendor) -> tuple[str, ...]:
    """Give what the claim templates of a row may name."""
    return (*TEMPLATE_NAMES, *(f"parameter.{name}" for name in vendor.parameters))


def faults(vendor: Vendor) -> Iterable[tuple[str, str]]:
    """Give what no single key of a row shows: the key, and what is wrong with it."""
    if not vendor.all_pages:
        yield "address", "is required, or a table of pages"
    for name, parameter in vendor.parameters.items():
        if name == vendor.parameter:
            yield f"parameters.{name}", "carries the token; nobody else may set it"
        leads_away = name.replace("_", "").replace("-", "").lower() in _LEADS_AWAY
        if leads_away and parameter.forward and parameter.rule is TEXT:
            wrong = "could lead users, and their tokens, away: give it values or relative_path"
            yield f"parameters.{name}", wrong
    for name, page in vendor.all_pages.items():
        at = "" if page.address == vendor.address else f"pages.{name}."
        for key, wrong in _page_faults(vendor, page):
            yield f"{at}{key}", wrong


def _page_faults(vendor: Vendor, page: Page) -> Iterable[tuple[str, str]]:
    ids = placeholders(page.path)
    try:
        checked_template(page.address, *ids, "token")
    except ValueError as error:
        yield "address", str(error)
    for name in placeholders(page.fragment):
        if name not in {*ids, "token"}:
            yield "fragment", f"nothing provides {{{name}}}"
    for name in page.ids:
        if name not in ids:
            yield f"ids.{name}", "stands in no path"
    carriers = ("{token}" in page.address) + ("{token}" in page.fragment) + bool(vendor.parameter)
    if carriers != 1:
        yield (
            "parameter",
            "or {token} in the address or the fragment carries the token: one of them",
        )
    elif vendor.delivery != "redirect" and vendor.parameter is None:
        yield "parameter", f"is required: it names the token in the {vendor.delivery}"
    yield from _claim_faults(vendor, page)


def _claim_faults(vendor: Vendor, page: Page) -> Iterable[tuple[str, str]]:
    claims = merged(vendor.claims, page.claims)
    try:
        compile_template(claims, template_names(vendor))
    except InvalidTemplate as error:
        yield "claims", str(error)
    for name in ("iat", "nbf"):
        if name in claims and not _NOT_AHEAD.fullmatch(str(claims[name])):
            yield f"claims.{name}", "is never ahead of time: write {issued_at}, or {now-60}"
    if vendor.lifetime_seconds is None and "{expires_at" in str(claims):
        yield "lifetime_seconds", "is required by {expires_at}"
