"""The trace that a request belongs to (W3C Trace Context, section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_TRACEPARENT: Final = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_MAX_BYTES: Final = 256
_FIRST_VERSION: Final = b"00"
_NO_VERSION: Final = b"ff"


def trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the id of the trace in a valid `traceparent`; `None` without one.

    `headers` have lower-case names. A later version may have further fields, the first may not.
    """
    found = [value for name, value in headers if name == b"traceparent"]
    if len(found) != 1 or len(found[0]) > _MAX_BYTES:
        return None
    parts = _TRACEPARENT.fullmatch(found[0])
    if parts is None:
        return None
    version, trace, parent, further = parts.groups()
    if version == _NO_VERSION or (version == _FIRST_VERSION and further is not None):
        return None
    return trace.decode() if trace.strip(b"0") and parent.strip(b"0") else None
