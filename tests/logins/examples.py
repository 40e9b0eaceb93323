"""The host applications of docs/examples, and what their READMEs say to set for the service."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.system.acme import PANDIUM

from .tokens import ALLOWED

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "examples"
CLAIMS: Final = {"name": "{name}", "groups": "{groups}"}


def documented(example: str, addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an example's README, with these addresses instead of its own."""
    text = (EXAMPLES / example / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```sh\n(SSO_AUTHENTICATORS=.*?)```", text, re.DOTALL)
    for shipped, here in addresses.items():
        assert shipped in block, shipped
        block = block.replace(shipped, here)
    variables = dict(line.split("=", 1) for line in block.splitlines())
    return {**PANDIUM, "PANDIUM_CLAIMS": json.dumps(CLAIMS), **ALLOWED, **variables}
