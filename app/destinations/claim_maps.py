"""What every destination may use: groups that may sign on at all, and maps of values to values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field, field_validator

from app.claims import MISSING, InvalidTemplate, Template, as_text, compile_template
from app.destinations.token_claims import IDENTITY_NAMES
from app.settings.variables import JsonObject, Names, Variables

_NAMES = (*IDENTITY_NAMES, "claims.")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_USED = re.compile(r"\bmap\.([^{}|\s\"]*)")
_MEMBERS = frozenset({"from", "values", "default"})


@dataclass(frozen=True, slots=True)
class ClaimMap:
    """What each value of a template stands for; `MISSING` where none does and there is no default.

    Of a list, as groups are, the first one counts that stands for something.
    """

    source: Template
    values: Mapping[str, Any]
    default: Any = MISSING

    def __call__(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        """Return what the value in `values` stands for."""
        found = self.source(values)
        candidates = found if isinstance(found, list | tuple) else (found,)
        texts = (as_text(each) for each in candidates if each is not MISSING)
        return next((self.values[text] for text in texts if text in self.values), self.default)


class SharedVariables(Variables):
    """Variables of the service that every destination shares."""

    allowed_groups: Names = Field(
        (), description="groups of which a user must be in one; others are refused (403)"
    )
    claim_maps: JsonObject = Field(
        default_factory=dict,
        description=(
            'values for templates, as `{map.plan}`: {"plan": {"from": "{groups}", '
            '"values": {"gold": "enterprise"}, "default": "freemium"}}'
        ),
    )

    @field_validator("claim_maps")
    @classmethod
    def _check_maps(cls, maps: dict[str, Any]) -> dict[str, Any]:
        compiled(maps)
        return maps


def compiled(maps: Mapping[str, Any]) -> dict[str, ClaimMap]:
    """Compile `SSO_CLAIM_MAPS`.

    Raises:
        ValueError: one of them can never give anything.
    """
    return {name: _compiled(name, each) for name, each in maps.items()}


def unknown_maps(template: object, maps: Iterable[str]) -> list[str]:
    """Return the maps that a template uses and that are not there."""
    return sorted(set(_USED.findall(str(template))) - set(maps))


def _compiled(name: str, each: Any) -> ClaimMap:  # noqa: ANN401 - any JSON value
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} must be a name of small letters, digits and underscores")
    if not isinstance(each, dict) or not {"from", "values"} <= each.keys() <= _MEMBERS:
        raise ValueError(f"{name} must have the members from and values, and may have default")
    if not (isinstance(each["values"], dict) and each["values"]):
        raise ValueError(f"{name}.values must be an object that is not empty")
    try:
        source = compile_template(each["from"], _NAMES)
    except InvalidTemplate as error:
        raise ValueError(f"{name}.from {error}") from None
    text = each["from"]
    if isinstance(text, str) and "{" not in text and text not in each["values"]:
        raise ValueError(f"{name}.from is a text that values do not have; write {{groups}} or such")
    return ClaimMap(source, each["values"], each.get("default", MISSING))
