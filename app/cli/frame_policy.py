"""Whether a page lets another origin frame it: CSP's `frame-ancestors`, and `X-Frame-Options`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.settings.addresses import origin_of

if TYPE_CHECKING:
    from app.authenticators.http_client import Answer

_SOURCE: Final = re.compile(
    r"((?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<host>\*|(\*\.)?[a-z0-9.-]+|\[[0-9a-f:]+\])"
    r"(:(?P<port>[0-9]+|\*))?(/.*)?"
)
"""A `host-source` in small letters (CSP Level 3, section 2.3.1)."""

_PORTS: Final = {"http": 80, "https": 443}


def refusing(answer: Answer, page: str, origin: str) -> str:
    """Return the policy by which `page`, which gave `answer`, cannot be framed by `origin`.

    Empty if it can be. `X-Frame-Options` counts only without `frame-ancestors` (CSP Level 3,
    section 6.4.2.2); its ALLOW-FROM is obsolete, and browsers ignore it.
    """
    policies = [
        found for text in _texts(answer, b"content-security-policy") if (found := _of(text))
    ]
    for policy in policies:
        if not any(_allows(source, page, origin) for source in policy.split()[1:]):
            return f"Content-Security-Policy: {policy}"
    options = {text.lower() for text in _texts(answer, b"x-frame-options")}
    if not policies and (
        "deny" in options or ("sameorigin" in options and origin_of(page) != origin)
    ):
        return f"X-Frame-Options: {', '.join(sorted(options))}"
    return ""


def _texts(answer: Answer, name: bytes) -> list[str]:
    """Return the values of a header, of which several may stand in one line."""
    lines = b",".join(answer.all(name)).decode("latin-1")
    return [text.strip() for text in lines.split(",") if text.strip()]


def _of(policy: str) -> str:
    """Return the directive `frame-ancestors` of a policy: the first one counts."""
    directives = (" ".join(each.split()) for each in policy.split(";"))
    return next((each for each in directives if each.lower().startswith("frame-ancestors")), "")


def _allows(source: str, page: str, origin: str) -> bool:
    source, ancestor = source.lower(), urlsplit(origin)
    if source == "'self'":
        return origin_of(page) == origin
    if source == "*":
        return True
    if source.endswith(":") and "/" not in source:
        return _fits(source[:-1], ancestor.scheme)
    found = _SOURCE.fullmatch(source)
    if found is None or not _fits(found["scheme"] or urlsplit(page).scheme, ancestor.scheme):
        return False
    port = ancestor.port or _PORTS[ancestor.scheme]
    wanted = found["port"] or str(_PORTS[ancestor.scheme])
    return _is_host(found["host"], ancestor.hostname or "") and wanted in {"*", str(port)}


def _fits(wanted: str, scheme: str) -> bool:
    """Tell whether a scheme is the wanted one, or its secure form."""
    return scheme == wanted or (wanted, scheme) == ("http", "https")


def _is_host(wanted: str, host: str) -> bool:
    if wanted.startswith("*"):
        return host.endswith(wanted[1:])
    return wanted.strip("[]") == host
