"""What is wrong with a row whose keys are each fine on their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from app.claims import InvalidTemplate, compile_template
from app.destinations.handoff import ANSWER_NAMES
from app.destinations.parameters import LOGIN_ATTEMPT, foreign_value, leads_away
from app.destinations.row_exchange import wrong_exchange
from app.destinations.row_renew import wrong_renewal
from app.destinations.row_values import not_json
from app.destinations.rows import Row, RowPage
from app.destinations.table import compiled
from app.destinations.token_claims import merged
from app.destinations.variables import (
    checked_address,
    placeholders_of,
    repeated_parameters,
    wrong_ids,
)

_NOT_AHEAD: Final = re.compile(r"\{(issued_at|now)(-[0-9]{1,9})?\}")
_DOTS: Final = (".", "..", "...")


def wrong_keys(row: Row) -> Iterable[tuple[str, str]]:
    """Find what is wrong: pairs of a key of the row and a message."""
    if not row.all_pages:
        yield "address", "is required, or a table of pages"
    yield from not_json(row)
    yield from wrong_exchange(row, row.template_names)
    yield from wrong_renewal(row)
    yield from _wrong_delivery(row)
    yield from _wrong_parameters(row)
    for name, page in row.all_pages.items():
        place = "" if page.address == row.address else f"pages.{name}."
        for check in (_wrong_page, _wrong_ids, _wrong_query, _wrong_token_place, _wrong_claims):
            for key, wrong in check(row, page):
                yield f"{place}{key}", wrong


def _wrong_delivery(row: Row) -> Iterable[tuple[str, str]]:
    if row.answer and row.delivery != "json":
        yield "answer", 'is for delivery = "json" only; remove it'
    if row.form_targets and row.delivery != "form":
        yield "form_targets", 'are for delivery = "form" only; remove them'
    if row.answer and "{token}" not in str(row.answer):
        yield "answer", "does not have {token}; add it"
    try:
        compile_template(row.answer, ANSWER_NAMES)
    except InvalidTemplate as error:
        yield "answer", str(error)


def _wrong_parameters(row: Row) -> Iterable[tuple[str, str]]:
    hosts = {urlsplit(page.address).hostname or "" for page in row.all_pages.values()}
    for name, parameter in row.parameters.items():
        if name == row.parameter:
            yield f"parameters.{name}", "carries the token; remove it"
        if name == LOGIN_ATTEMPT:
            yield f"parameters.{name}", "is the service's own mark of a login; rename it"
        names = (name, *_members_with(name, _templates(row)))
        if parameter.values or not any(map(leads_away, names)):
            continue
        for host in sorted(hosts):
            if foreign := foreign_value(parameter.rule, host):
                wrong = "could send users and their tokens to another site"
                remedy = "set values or relative_path"
                yield f"parameters.{name}", f"{wrong}, like {foreign}; {remedy}"
                break


def _templates(row: Row) -> list[Any]:
    """Return the templates that may have the parameters of a request."""
    asked = [] if row.exchange is None else [row.exchange.headers, row.exchange.body]
    return [row.claims, *(page.claims for page in row.pages.values()), *asked]


def _members_with(parameter: str, template: Any, member: str = "") -> Iterable[str]:  # noqa: ANN401 - any value of a template
    """Return the names of the members that take a parameter: a vendor may follow those, too."""
    if isinstance(template, dict):
        for name, each in template.items():
            yield from _members_with(parameter, each, name)
    elif isinstance(template, list):
        for each in template:
            yield from _members_with(parameter, each, member)
    elif re.search(rf"\bparameter\.{re.escape(parameter)}\s*[|}}]", str(template)):
        yield member


def _wrong_page(_row: Row, page: RowPage) -> Iterable[tuple[str, str]]:
    ids = placeholders_of(page.path)
    try:
        checked_address(page.address, *ids, "token")
    except ValueError as error:
        yield "address", str(error)
    for name in placeholders_of(page.fragment):
        if name not in {*ids, "token"}:
            yield "fragment", f"has an unknown placeholder {{{name}}}"


def _wrong_ids(_row: Row, page: RowPage) -> Iterable[tuple[str, str]]:
    for wrong in wrong_ids(page.path):
        yield "path", wrong
    for name, pattern in page.ids.items():
        if name not in placeholders_of(page.path):
            yield f"ids.{name}", "is not in the path; remove it"
        if any(compiled(pattern).fullmatch(dots) for dots in _DOTS):
            wrong = "matches dots alone, with which a path leads elsewhere; begin it with [a-z0-9]"
            yield f"ids.{name}", wrong


def _wrong_query(row: Row, page: RowPage) -> Iterable[tuple[str, str]]:
    """Find parameters that the address has already: two of a name are read in two ways."""
    added = [name for name, parameter in row.parameters.items() if parameter.forward]
    for name in repeated_parameters(page.address, *filter(None, [row.parameter]), *added):
        yield "address", f"has {name} in its query already; remove it there"


def _wrong_token_place(row: Row, page: RowPage) -> Iterable[tuple[str, str]]:
    places = ("{token}" in page.address) + ("{token}" in page.fragment)
    places += bool(row.parameter) + bool(row.answer)
    places += bool(row.exchange and row.exchange.location)
    if places != 1:
        wrong = "or {token} in the address or the fragment carries the token; set exactly one"
        yield "parameter", wrong
    elif row.delivery != "redirect" and row.parameter is None and not row.answer:
        yield "parameter", f"is required: it is the token's name in the {row.delivery}"


def _wrong_claims(row: Row, page: RowPage) -> Iterable[tuple[str, str]]:
    claims = merged(row.claims, page.claims)
    try:
        compile_template(claims, row.template_names)
    except InvalidTemplate as error:
        yield "claims", str(error)
    for name in ("iat", "nbf"):
        if name in claims and not _NOT_AHEAD.fullmatch(str(claims[name])):
            yield f"claims.{name}", "must never be in the future; write {issued_at} or {now-60}"
    if row.lifetime_seconds is None and "{expires_at" in str(claims):
        yield "lifetime_seconds", "is required by {expires_at}"
