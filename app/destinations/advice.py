"""What is legal in destinations, and likely wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from app.destinations.rehearsal import SAMPLE, is_personal, sample_claims
from app.destinations.token_claims import IDENTITY_NAMES, TOKEN_NAMES

if TYPE_CHECKING:
    from app.destinations.destination import Destination


_PLAIN: Final = "|".join((*IDENTITY_NAMES, *TOKEN_NAMES))
_DOUBLED: Final = re.compile(rf"\{{({_PLAIN}|claims\.[^{{}}]+)\}}")
"""A placeholder in two pairs of braces, as other template languages have it, gives a text."""

_DOLLAR: Final = re.compile(rf"\$({SAMPLE.subject}|{SAMPLE.given_name})")
"""A placeholder of other languages, `${…}`, gives the value with a dollar sign."""


def advice(destinations: Iterable[Destination]) -> list[str]:
    """Return what is likely wrong in claims and keys."""
    pages = list(destinations)
    return [*dict.fromkeys((*_braces(pages), *_impersonal(pages))), *_mistakable(pages)]


def _impersonal(destinations: Iterable[Destination]) -> Iterable[str]:
    for each in destinations:
        if each.exchange is None and not is_personal(each):
            remedy = "put {subject} or {email} into claims, unless the vendor wants no user"
            yield f"destination {each.name}: its tokens are the same for everybody; {remedy}"


def _braces(destinations: Iterable[Destination]) -> Iterable[str]:
    for each in destinations:
        for claim, text in _texts(sample_claims(each)):
            if doubled := _DOUBLED.search(text):
                once = "write one pair of braces for the value"
                yield f"destination {each.name}: {claim} has the text {doubled[0]}; {once}"
            if _DOLLAR.search(text):
                once = "write {…} without it"
                yield f"destination {each.name}: {claim} has a dollar sign before a value; {once}"


def _texts(value: Any, path: str = "") -> Iterable[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Return the texts in a value, each with its dotted path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in members:
            yield from _texts(each, f"{path}.{name}" if path else str(name))


def _mistakable(destinations: Iterable[Destination]) -> list[str]:
    """Return a line for each vendor whose tokens another one could take for its own.

    Both read the common key set, so that `aud` alone tells their tokens apart (RFC 8725, section
    3.9), where a vendor does not read the key set of its row.
    """
    families: dict[str, dict[str, bool]] = defaultdict(dict)
    for each in destinations:
        if each.public_jwks:
            has_audience = "aud" in sample_claims(each)
            family = families[each.key.algorithm[:2]]
            family[each.name] = family.get(each.name, True) and has_audience
    return [
        f"destination {name}: its tokens have no aud, and {_others(family, name)} signs with "
        f"{algorithm}…, too: add aud, or give the vendor the key set of its own row"
        for algorithm, family in families.items()
        for name, has_audience in family.items()
        if len(family) > 1 and not has_audience
    ]


def _others(family: Iterable[str], name: str) -> str:
    return " and ".join(other for other in family if other != name)
