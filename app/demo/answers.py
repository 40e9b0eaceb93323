"""An answer of the service, as the demo shows it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

_TOKEN: Final = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]+", re.ASCII)
_CODE: Final = re.compile(r'data-code="([a-z_]+)"')  # of a page


@dataclass(frozen=True)
class Answer:
    """Where it leads, the token in it, and the code of a refusal; empty is none."""

    status: int
    location: str
    token: str
    code: str

    @classmethod
    def of(cls, status: int, headers: Mapping[str, str], body: object) -> Self:
        """Read an answer; the token stands in its address or its body."""
        location = headers.get("Location", "")
        text = body.decode(errors="replace") if isinstance(body, bytes) else ""
        found = _TOKEN.search(location) or _TOKEN.search(text)
        return cls(status, location, found[0] if found else "", _code_in(text))


def _code_in(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        shown = _CODE.search(text)
        return shown[1] if shown else ""
    return str(told.get("code", "")) if isinstance(told, dict) else ""
