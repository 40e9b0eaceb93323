"""What people read on the service's pages, by language; each page is in the reader's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

SHIPPED_LANGUAGES: Final = ("de", "en", "es", "fr", "pt")
FALLBACK: Final = "en"

_RIGHT_TO_LEFT: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"}
    | {"adlm", "arab", "hebr", "nkoo", "syrc", "thaa"}
)
"""Languages and scripts that run from right to left (Unicode CLDR, layout characterOrder)."""

_RANGE: Final = re.compile(
    r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q=([01](?:\.\d{0,3})?))?", re.ASCII
)
_MOST_RANGES: Final = 20


def flat(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return texts by one key each: `sign_in`, `no_session.title`."""
    texts: dict[str, Any] = {}
    for name, value in tables.items():
        if isinstance(value, dict):
            texts |= {f"{name}.{part}": text for part, text in value.items()}
        else:
            texts[name] = value
    return texts


def _read(language: str) -> dict[str, str]:
    file = files("app.resources.pages") / "texts" / f"{language}.toml"
    return flat(tomllib.loads(file.read_text(encoding="utf-8")))


SHIPPED: Final = {language: _read(language) for language in SHIPPED_LANGUAGES}
ENGLISH: Final = SHIPPED[FALLBACK]

_NO_CODES: Final = frozenset({"login_tried", "to_marketplace"})

TEXTS: Final = {
    code: (ENGLISH[f"{code}.title"], ENGLISH[f"{code}.text"])
    for code in dict.fromkeys(key.partition(".")[0] for key in ENGLISH if "." in key)
    if code not in _NO_CODES
}
"""For each code a title and a sentence, in English."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its tag, and every text in it, or in English where it has none."""

    tag: str
    texts: Mapping[str, str]

    @property
    def direction(self) -> str:
        """The value of `dir`."""
        return "ltr" if _RIGHT_TO_LEFT.isdisjoint(self.tag.split("-")) else "rtl"


class Languages:
    """The languages that there are; `own` are texts of the host by language, over the shipped."""

    def __init__(self, own: Mapping[str, Mapping[str, str]] | None = None) -> None:
        own = {tag.lower(): texts for tag, texts in (own or {}).items()}
        self._by_tag = {
            tag: Language(tag, self._merged(own, tag)) for tag in (*SHIPPED_LANGUAGES, *own)
        }

    def preferred(self, accept_language: str) -> Language:
        """Return the language that suits best (RFC 4647, section 3.4: lookup)."""
        for tag in _ranges(accept_language):
            while tag:
                if tag in self._by_tag:
                    return self._by_tag[tag]
                tag = tag.rpartition("-")[0]  # noqa: PLW2901 - less and less of it
        return self._by_tag[FALLBACK]

    @staticmethod
    def _merged(own: Mapping[str, Mapping[str, str]], tag: str) -> dict[str, str]:
        texts: dict[str, str] = {}
        for each in (FALLBACK, tag.partition("-")[0], tag):
            texts |= {**SHIPPED.get(each, {}), **own.get(each, {})}
        return texts


def _ranges(accept_language: str) -> Iterator[str]:
    """Return the wanted languages in small letters, the most wanted first (RFC 9110, 12.5.4)."""
    items = accept_language.split(",", _MOST_RANGES)[:_MOST_RANGES]
    matches = (_RANGE.fullmatch(item.strip()) for item in items)
    found = [(float(match[2] or 1), match[1].lower()) for match in matches if match]
    ordered = sorted(found, key=lambda each: each[0], reverse=True)
    return (tag for weight, tag in ordered if weight > 0)
