"""`renew` of a row: the vendor's message that asks for a token, and what it is answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator

from app.claims import InvalidTemplate, compile_template
from app.destinations.table import Table
from app.settings.addresses import checked_origin, origin_of

if TYPE_CHECKING:
    from app.destinations.rows import Row, RowPage

RENEWAL_NAMES: Final = ("token", "url", "expires_at")
"""Placeholders of the answer; the element fills them, so each is a plain name."""

_PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def _checked_message(message: object) -> object:
    if not (isinstance(message, dict | str) and message):
        raise ValueError("is neither a text nor a table with members; write what the page posts")
    return message


_Message = Annotated[dict[str, Any] | str, BeforeValidator(_checked_message)]


class RenewTable(Table):
    """The table `renew` of a row."""

    message: _Message
    answer: _Message
    origin: Annotated[str, AfterValidator(checked_origin)] | None = None


def wrong_renewal(row: Row) -> Iterable[tuple[str, str]]:
    """Find what is wrong with a renewal; a row without one has nothing wrong."""
    if row.renew is None:
        return
    if row.delivery == "json":
        yield "renew", 'is for a page in a frame, which delivery = "json" does not fill; remove it'
    try:
        compile_template(row.renew.answer, RENEWAL_NAMES)
    except InvalidTemplate as error:
        yield "renew.answer", str(error)
        return
    names = set(_placeholders(row.renew.answer))
    for name in sorted(names.difference(RENEWAL_NAMES)):
        yield "renew.answer", f"has {{{name}}}; a browser fills plain names only"
    if not names & {"token", "url"}:
        yield "renew.answer", "has neither {token} nor {url}; add one"


def renewal_of(row: Row, page: RowPage) -> Mapping[str, Any] | None:
    """Return what a browser is told of the renewal of a page; nothing of it is secret."""
    if row.renew is None:
        return None
    origin = row.renew.origin or origin_of(page.address)
    return {"origin": origin, "message": row.renew.message, "answer": row.renew.answer}


def _placeholders(template: Any) -> Iterable[str]:  # noqa: ANN401 - any value of a template
    if isinstance(template, dict):
        template = list(template.values())
    if isinstance(template, list):
        for each in template:
            yield from _placeholders(each)
    elif isinstance(template, str):
        yield from filter(None, _PLACEHOLDER.findall(template))
