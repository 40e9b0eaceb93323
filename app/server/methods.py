"""Methods of requests: those that the parser does not know are refused like those that it knows."""

from __future__ import annotations

import re
from typing import Final

_METHOD: Final = re.compile(rb"([A-Z]{1,32}) /")
_KNOWN: Final = frozenset(b"GET HEAD OPTIONS POST PUT DELETE PATCH CONNECT TRACE".split())


def with_known_method(head: bytes) -> bytes:
    """Return a head whose method the parser takes: one that it lacks becomes one of ours."""
    method = _METHOD.match(head)
    if method is None or method[1] in _KNOWN:
        return head
    return b"TRACE" + head[method.end(1) :]
