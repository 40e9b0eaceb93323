"""Patterns of ids and parameters. Values match as a whole, and never lead to another host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LOGIN_ATTEMPT: Final = "sso_attempt"
"""The parameter of our addresses that says when the user left for the login, in epoch seconds. It
is the service's own: no vendor gets it."""

ID_CHARACTERS: Final = 64
"""The longest id in a path, whatever its pattern."""

ID: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{ID_CHARACTERS}}}", re.ASCII)
"""An id without a pattern of its own: none of its characters has a meaning in addresses."""

TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]{1,256}")
"""A forwarded query parameter: text of 1 to 256 characters without controls."""

RELATIVE_PATH: Final = re.compile(
    r"(?!.*//)(?!.*/\.{1,2}(/|\?|\Z))"
    r"/([A-Za-z0-9._~!$'()*,;:@?&=+/-]|%(?!2[ef]|5c|7f|[01])[0-9a-f]{2}){0,511}",
    re.ASCII | re.IGNORECASE,
)
"""A path that stays on its host for every parser: one leading slash, no empty or dot segment, no
backslash or control, neither plain nor encoded (RFC 3986, section 3.3; WHATWG URL, path state)."""

_LEADS_AWAY: Final = re.compile(
    r"(to|go|ru|rd|out|next|dest|link|from|back|path|page|site|host|domain|origin|service|success"
    r"|cancel|exit|home|landing|after|done|wreply|wctx|q)"
    r"|.*(url|uri|href|redirect|redir|return|relaystate|continue|callback|goto|forward|target"
    r"|destination|location|referr?er|backto|nextpage|exitto).*"
)
"""Names of parameters by which sites redirect, in small letters and without other characters; from
the open-redirect lists of OWASP ("Unvalidated Redirects and Forwards") and SAML's RelayState."""


def leads_away(name: str) -> bool:
    """Tell whether a parameter, by its name in any spelling, may send a browser elsewhere."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return bool(_LEADS_AWAY.fullmatch(plain))


def foreign_value(rule: re.Pattern[str], host: str) -> str | None:
    """Return an address of somebody else that a rule lets through; `host` is the vendor's."""
    return next((value for value in _foreign_values(host) if rule.fullmatch(value)), None)


def _foreign_values(host: str) -> Iterable[str]:
    for other in ("evil.example", f"{host}.evil.example", f"{host}@evil.example"):
        for scheme in ("https://", "http://", "//", "/\\", "\\\\", "https:", "/%09/"):
            for rest in ("", "/", "/hc/x"):
                yield f"{scheme}{other}{rest}"
    yield "javascript:alert(1)"
    yield "data:text/html,x"
