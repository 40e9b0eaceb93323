"""`SSO_PAGES_FILE`: the host's words and looks for the pages that people see."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from app.resources.appearance import Appearance
from app.resources.texts import ENGLISH, Languages, flat
from app.settings.addresses import checked
from app.settings.files import UnreadableFile, read_file, read_text
from app.settings.problems import InvalidSettings, Problem, wording

LOGO_BYTES: Final = 64 * 1024
"""The largest logo: it is part of every page."""

_LONGEST_TEXT: Final = 500  # characters
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_MAIL: Final = "mailto:"


def _checked_support(address: str) -> str:
    if address.startswith(_MAIL):
        checked(f"https://mail.example/{address.removeprefix(_MAIL)}")
        return address
    return checked(address)


def _checked_text(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_TEXT or not text.isprintable():
        raise ValueError(f"must be one line of 1 to {_LONGEST_TEXT} printable characters")
    return text


Text = Annotated[str, AfterValidator(_checked_text)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, strict=True)


class _Accent(_Table):
    light: Colour = Appearance().accent_light
    dark: Colour = Appearance().accent_dark


class _PagesFile(_Table):
    product: Annotated[Text, Field(max_length=64)] | None = None
    support: Annotated[str, AfterValidator(_checked_support)] | None = None
    logo: str | None = None
    accent: _Accent = _Accent()
    texts: dict[LanguageTag, dict[str, Text | dict[str, Text]]] = {}


def read_appearance(file: Path | None) -> Appearance:
    """Return the appearance that a file describes; the shipped one without a file.

    Raises:
        InvalidSettings: with every problem of the file.
    """
    if file is None:
        return Appearance()
    try:
        tables = tomllib.loads(read_text(file))
    except UnreadableFile as error:
        raise InvalidSettings([Problem("SSO_PAGES_FILE", str(error))]) from None
    except ValueError as error:
        raise InvalidSettings([_problem(file, f"is not TOML: {error}")]) from None
    try:
        pages = _PagesFile.model_validate(tables)
    except ValidationError as error:
        raise InvalidSettings(_problems(file, error)) from None
    own = {tag: flat(texts) for tag, texts in pages.texts.items()}
    if unknown := [_problem(file, wrong) for wrong in _unknown(own)]:
        raise InvalidSettings(unknown)
    return Appearance(
        product=pages.product or "",
        accent_light=pages.accent.light,
        accent_dark=pages.accent.dark,
        logo=_logo(file, pages.logo) if pages.logo else "",
        files=frozenset({file.parent / pages.logo} if pages.logo else ()),
        support_url=pages.support or "",
        languages=Languages(own),
    )


def _unknown(own: Mapping[str, Mapping[str, Any]]) -> Iterable[str]:
    for tag, texts in own.items():
        for key in texts.keys() - ENGLISH.keys():
            yield f"texts.{tag}.{key} is not the name of a text; remove it"


def _logo(file: Path, name: str) -> str:
    """Return a logo beside the file as a `data:` address (RFC 2397)."""
    try:
        content = read_file(file.parent / name, at_most=LOGO_BYTES)
    except UnreadableFile as error:
        raise InvalidSettings([_problem(file, f"logo: {name} {error}")]) from None
    if content.startswith(_PNG):
        kind = "image/png"
    elif content.lstrip().startswith(b"<") and b"<svg" in content:
        kind = "image/svg+xml"
    else:
        raise InvalidSettings([_problem(file, f"logo: {name} is neither an SVG nor a PNG file")])
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _problems(file: Path, error: ValidationError) -> Iterable[Problem]:
    for found in error.errors(include_url=False, include_input=False):
        key = ".".join(part for part in map(str, found["loc"]) if re.fullmatch(r"[\w-]+", part))
        unknown = found["type"] == "extra_forbidden"
        wrong = "is not a known key; remove it" if unknown else wording(found)
        yield _problem(file, f"{key} {wrong}")


def _problem(file: Path, wrong: str) -> Problem:
    return Problem("SSO_PAGES_FILE", f"{file.name}: {wrong}")
