"""The built-in logins, in the order in which the documents list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.authenticators.headers import presets as headers
from app.authenticators.introspection import presets as introspection
from app.authenticators.jwt import presets as jwt
from app.authenticators.preset import Preset

BUILT_IN: Final[Mapping[str, Preset]] = {
    **headers.PRESETS,
    **jwt.PRESETS,
    **introspection.PRESETS,
}
"""By name, as `SSO_AUTHENTICATORS` has it."""
