"""Patterns of ids and parameters. Values match as a whole, and never lead to another host."""

from __future__ import annotations

import re
from typing import Final

LOGIN_ATTEMPT: Final = "sso_attempt"
"""The parameter of our addresses that says when the user left for the login, in epoch seconds. It
is the service's own: no vendor gets it."""

ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""An id in a path: 1 to 64 characters, none with a meaning in addresses."""

TEXT: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]{1,256}")
"""A forwarded query parameter: text of 1 to 256 characters without controls."""

RELATIVE_PATH: Final = re.compile(
    r"(?!.*//)(?!.*/\.{1,2}(/|\?|\Z))"
    r"/([A-Za-z0-9._~!$'()*,;:@?&=+/-]|%(?!2[ef]|5c|7f|[01])[0-9a-f]{2}){0,511}",
    re.ASCII | re.IGNORECASE,
)
"""A path that stays on its host for every parser: one leading slash, no empty or dot segment, no
backslash or control, neither plain nor encoded (RFC 3986, section 3.3; WHATWG URL, path state)."""
