"""Groups of environment variables: how they are declared, and their types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.settings import addresses
from app.tokens.strict_json import MAX_DEPTH, InvalidJson, finite_number, nests_deeper_than


class WrongVariable(ValueError):
    """A problem that two variables make together, told on one of them."""

    def __init__(self, field: str, wrong: str) -> None:
        super().__init__(wrong)
        self.field = field
        self.wrong = wrong


V = TypeVar("V", bound="Variables")


class Variables(BaseSettings):
    """The variables of one prefix, or their files in the secrets directory.

    The constructor's arguments are the defaults of a preset: the operator's variable wins. An empty
    variable counts as unset.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # otherwise pydantic prints a rejected secret
        validate_default=True,  # "is required" is what a validator says of a default
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - `Sources` reads files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank the environment before the defaults, where somebody makes a group by hand."""
        return env_settings, init_settings


class _Texts(EnvSettingsSource):
    """Variables whose texts have been read; pydantic reads nothing itself."""

    def __init__(self, model: type[BaseSettings], prefix: str, texts: Mapping[str, str]) -> None:
        self._texts = texts
        super().__init__(model, env_prefix=prefix)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): text for name, text in self._texts.items() if text}


def group_of(
    model: type[V], prefix: str, texts: Mapping[str, str], defaults: Mapping[str, Any]
) -> V:
    """Make a group of the texts of its variables, over the defaults of a preset.

    Raises:
        pydantic.ValidationError: something in it is wrong.
    """
    sources = (_Texts(model, prefix, texts), InitSettingsSource(model, dict(defaults)))
    return model(_build_sources=(sources, {}))


def variable_names(model: type[Variables], prefix: str) -> list[str]:
    """Return the names of the variables of a group."""
    return [f"{prefix}{field.upper()}" for field in model.model_fields]


def _split(value: Any) -> Any:  # noqa: ANN401 - text of the environment, or a value of a preset
    if not isinstance(value, str):
        return value
    items = tuple(item for part in value.split(",") if (item := part.strip()))
    if value and not items:  # an empty list would let everybody in where it says who may
        raise ValueError("names nothing; write at least one, or leave it out")
    return items


def _without_patterns(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name.startswith("*") or name.endswith("*"):
            wrong = f"has {name!r}, and nothing is matched by a pattern; write each name out"
            raise ValueError(wrong)
    return names


def _json_object(value: Any) -> Any:  # noqa: ANN401 - the same
    if not isinstance(value, str):
        return value
    try:
        loaded = json.loads(
            value,
            object_pairs_hook=_unrepeated,
            parse_float=finite_number,
            parse_constant=finite_number,
        )
    except InvalidJson as error:
        raise ValueError(f"is not JSON with one meaning: {error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from None
    if not isinstance(loaded, dict):
        raise ValueError("is not a JSON object: write {...}")  # noqa: TRY004 - pydantic wants ValueError
    if nests_deeper_than(MAX_DEPTH, loaded):
        raise ValueError(f"nests deeper than {MAX_DEPTH} levels")
    return loaded


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _header_name(name: str) -> str:
    if not name.isascii() or not name.replace("-", "").isalnum():
        raise ValueError("is not a header name of letters, digits and hyphens")
    return name.lower()


def _file_name(path: Path) -> Path:
    if not str(path).isprintable() or "-----BEGIN" in str(path):
        # No other problem may quote it: it can be a private key.
        raise ValueError("is the text of a file, or has a control character; write its name")
    return path


FileName = Annotated[Path, AfterValidator(_file_name)]
"""The path of a file or a folder."""

CheckedNames = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A comma-separated list; a further validator checks each item."""

WithoutPatterns = Annotated[tuple[str, ...], AfterValidator(_without_patterns)]
"""Names that are compared as they are."""

Names = Annotated[CheckedNames, AfterValidator(_without_patterns)]
"""A comma-separated list of names that are compared as they are."""

Origins = Annotated[
    CheckedNames, AfterValidator(lambda them: tuple(map(addresses.checked_origin, them)))
]
"""A comma-separated list of origins, as browsers send them."""

Domains = Annotated[
    CheckedNames, AfterValidator(lambda them: tuple(map(addresses.checked_domain, them)))
]
"""A comma-separated list of domains of e-mail addresses."""

JsonObject = Annotated[dict[str, Any], NoDecode, BeforeValidator(_json_object)]
"""A JSON object."""

HttpsAddress = Annotated[str, AfterValidator(addresses.checked)]
"""An https address; http for loopback only."""

HeaderName = Annotated[str, AfterValidator(_header_name)]
"""A header's name in lower case, without underscores: some servers take them for hyphens."""

HeaderNames = Annotated[tuple[HeaderName, ...], NoDecode, BeforeValidator(_split)]
"""A comma-separated list of header names."""
