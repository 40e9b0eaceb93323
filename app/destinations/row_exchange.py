"""`[row.exchange]`: what a vendor's API is asked for a token, and what is wrong with that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, field_validator, model_validator

from app.claims import InvalidTemplate, compile_template
from app.destinations.exchange import CONNECTIONS, MAX_BYTES, TIMEOUT_SECONDS, Exchange
from app.destinations.table import Table
from app.settings.addresses import checked, origin_of

if TYPE_CHECKING:
    from app.destinations.destination import Shared
    from app.destinations.rows import Row

KEY: Final = "key"
ASSERTION: Final = "assertion"

_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_OURS: Final = frozenset(
    {"connection", "content-length", "content-type", "cookie", "host", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "expect", "accept-encoding"}
)
_DOTTED: Final = r"^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$"


class ExchangeTable(Table):
    """The table `exchange` of a row."""

    url: str
    headers: dict[str, str] = Field({})
    json_body: dict[str, Any] | None = Field(None, alias="json")
    form: dict[str, str] | None = None
    token: str | None = Field(None, pattern=_DOTTED)
    location: str | None = Field(None, pattern=_DOTTED)
    expires_in: int | str | None = None

    @field_validator("url")
    @classmethod
    def _check_url(cls, address: str) -> str:
        if "{" in address or "}" in address:
            raise ValueError("has a placeholder; the address is fixed, for secrets go there")
        return checked(address)

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name in headers:
            if not _HEADER.fullmatch(name):
                raise ValueError(f"has {name!r}, which is not a header name")
            if name.lower() in _OURS:
                raise ValueError(f"has {name}, which the service sets itself; remove it")
        return headers

    @field_validator("expires_in")
    @classmethod
    def _check_expires_in(cls, seconds: int | str | None) -> int | str | None:
        if isinstance(seconds, str) and not re.fullmatch(_DOTTED, seconds):
            raise ValueError("is neither a number of seconds nor a dotted name in the answer")
        if isinstance(seconds, int) and seconds < 1:
            raise ValueError("must be at least one second")
        return seconds

    @model_validator(mode="after")
    def _check_one_body(self) -> Self:
        if self.json_body is not None and self.form is not None:
            raise ValueError("has json and form; keep one of them")
        if bool(self.token) == bool(self.location):
            raise ValueError("wants token, or location for a whole address; set exactly one")
        return self

    @property
    def body(self) -> dict[str, Any]:
        """The template of what is sent."""
        return dict(self.form if self.form is not None else self.json_body or {})

    def uses(self, placeholder: str) -> bool:
        """Tell whether a template has a placeholder."""
        written = re.compile(rf"\{{[^{{}}]*\b{placeholder}\b[^{{}}]*\}}")
        return bool(written.search(str([self.headers, self.body])))


def wrong_exchange(row: Row, names: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """Find what is wrong with the templates of an exchange; a row without one has nothing wrong."""
    if row.exchange is None:
        return
    known = (*names, KEY, ASSERTION)
    body = "json" if row.exchange.form is None else "form"
    for key, template in {"headers": row.exchange.headers, body: row.exchange.body}.items():
        try:
            compile_template(template, known)
        except InvalidTemplate as error:
            yield f"exchange.{key}", str(error)
    if row.exchange.location and row.delivery != "redirect":
        yield "exchange.location", "is where the browser goes on to; write it as token instead"
    if row.exchange.location and any(each.forward for each in row.parameters.values()):
        wrong = "is not changed, so no parameter reaches it; set forward = false"
        yield "exchange.location", wrong
    if row.exchange.uses(KEY) and not row.algorithm.startswith("HS"):
        wrong = f"sends {{key}}, which is the private key of {row.algorithm}; remove it"
        yield "exchange", wrong
    if not (row.exchange.uses(KEY) or row.exchange.uses(ASSERTION)):
        yield "exchange", "proves nothing to the vendor; use {key} or {assertion} in it"


def exchange_of(
    row: Row, table: ExchangeTable, key: str, names: tuple[str, ...], shared: Shared
) -> Exchange:
    """Make the exchange of a row."""
    known = (*names, KEY, ASSERTION)
    form = table.form is not None
    return Exchange(
        destination=row.name,
        url=table.url,
        headers=compile_template(table.headers, known),
        body=compile_template(table.body, known),
        media_type="application/x-www-form-urlencoded" if form else "application/json",
        token=table.token or table.location or "",
        origins=frozenset(
            origin_of(page.address) for page in row.all_pages.values() if table.location
        ),
        expires_in=table.expires_in,
        key=key,
        now=shared.now,
        client=shared.client(
            purpose="exchange",
            timeout_seconds=TIMEOUT_SECONDS,
            max_bytes=MAX_BYTES,
            connections=CONNECTIONS,
        ),
    )
