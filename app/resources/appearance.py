"""How the service's pages look and speak: as part of the host's product."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.resources.texts import Languages

_LUMINANCE: Final = (0.2126, 0.7152, 0.0722)
_EVENLY_FAR: Final = 0.179
"""The luminance from which black has more contrast than white: at least 4.58 to 1 with either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """The product's name, `#rrggbb` colours of buttons, a logo, a support link, and the texts.

    `logo` is a `data:` address or empty: in an `img`, no script of an SVG runs. `files` are those
    that it was read from besides `SSO_PAGES_FILE`.
    """

    product: str = ""
    accent_light: str = "#1a56c4"
    accent_dark: str = "#8ab4ff"
    logo: str = ""
    support_url: str = ""
    files: frozenset[Path] = frozenset()
    languages: Languages = field(default_factory=Languages)

    @property
    def colours(self) -> dict[str, str]:
        """The colours in the style of a page, by their placeholders."""
        return {
            "accent_light": self.accent_light,
            "on_accent_light": _readable_on(self.accent_light),
            "accent_dark": self.accent_dark,
            "on_accent_dark": _readable_on(self.accent_dark),
        }

    @property
    def image_source(self) -> str:
        """The directive of the Content-Security-Policy that a logo needs."""
        return "img-src data:; " if self.logo else ""

    @property
    def brand(self) -> str:
        """The markup of the logo and the product's name."""
        image = f'<img src="{html.escape(self.logo)}" alt="" height="32">' if self.logo else ""
        name = f"<span>{html.escape(self.product)}</span>" if self.product else ""
        return f'<p class="brand" dir="auto">{image}{name}</p>\n' if image or name else ""


def _readable_on(colour: str) -> str:
    """Return black or white: the one with more contrast (WCAG 2.2, relative luminance)."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = map(_linear, channels)
    luminance = sum(weight * each for weight, each in zip(_LUMINANCE, linear, strict=True))
    return "#000000" if luminance > _EVENLY_FAR else "#ffffff"


def _linear(channel: float) -> float:
    if channel <= 0.04045:  # noqa: PLR2004 - sRGB's own number (IEC 61966-2-1), as the others here
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)
