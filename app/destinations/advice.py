"""What is legal in destinations, and likely wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.destinations.rehearsal import sample_claims

if TYPE_CHECKING:
    from app.destinations.destination import Destination


def advice(destinations: Iterable[Destination]) -> list[str]:
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
