"""What to do about a variable under one of our prefixes that nothing reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_READERS: Final = {
    "AUTH_": "no login in SSO_AUTHENTICATORS reads it: add the login, or remove it",
    "DESTINATION_": "no row of SSO_DESTINATIONS_FILE reads it: add the row, or remove it",
}
"""What to do about a variable that something would read, if that were there."""

_SERVICE_LINK: Final = re.compile(
    r"(?P<service>.+?)_(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)"
    r"|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)
"""Variables that Kubernetes sets for each service of a namespace ("Accessing the Service")."""


def remedy(name: str, prefix: str, near: Sequence[str]) -> str:
    """Return what to do about the variable; `near` are known ones that it may be meant as."""
    link = _SERVICE_LINK.fullmatch(name)
    if link is not None:
        service = link["service"].lower().replace("_", "-")
        return (
            f"Kubernetes sets it for a service called {service!r}: "
            "set enableServiceLinks: false in the pod's spec"
        )
    return f"did you mean {near[0]}?" if near else _READERS.get(prefix, "remove it")
