"""What answers are made of: redirects, and HTML pages with their policy."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from app.resources.appearance import Appearance

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.resources.texts import Language


def redirect(resp: Response, location: str, *, status: int = 307) -> None:
    """Send the browser to `location`, with an empty body."""
    resp.status = status
    resp.set_header("Location", location)  # resp.location would encode a second time
    resp.data = b""


def page_file(name: str) -> str:
    """Return the text of a file of `app/resources/pages`."""
    return files("app.resources.pages").joinpath(name).read_text(encoding="utf-8")


class Page:
    """An HTML page with placeholders, in the host's colours."""

    def __init__(self, text: str, appearance: Appearance) -> None:
        self._text = Template(text).safe_substitute(appearance.colours)
        self._appearance = appearance

    def filled(self, language: Language, *, markup: dict[str, str], **texts: str) -> str:
        """Fill in texts, escaped, and `markup` as it is."""
        texts |= {"lang": language.tag, "dir": language.direction}
        texts["name"] = " · ".join(filter(None, (texts["title"], self._appearance.product)))
        escaped = {name: html.escape(text) for name, text in texts.items()}
        own = {"brand": self._appearance.brand, "help": self._help(language)}
        return Template(self._text).substitute(escaped | own | markup)

    def _help(self, language: Language) -> str:
        if not self._appearance.support_url:
            return ""
        address, words = self._appearance.support_url, language.texts["get_help"]
        anchor = f'<a href="{html.escape(address)}" target="_blank" rel="noopener">'
        return f'<p class="help" dir="auto">{anchor}{html.escape(words)}</a></p>\n'

    def policy(self, *, framed_by: tuple[str, ...], form_action: str = "'none'") -> str:
        """Return the Content-Security-Policy: nothing from elsewhere, inline code by its hash.

        CSP Level 3, section 2.3.1. `framed_by` are origins; empty means the service's own.
        """
        ancestors = " ".join(framed_by) or "'self'"
        return (
            f"default-src 'none'; {self._appearance.image_source}"
            f"style-src {self._hashes('style')}; "
            f"script-src {self._hashes('script')}; base-uri 'none'; form-action {form_action}; "
            f"frame-ancestors {ancestors}"
        )

    def _hashes(self, element: str) -> str:
        texts = re.findall(f"<{element}>(.*?)</{element}>", self._text, re.DOTALL)
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts)
        return " ".join(f"'sha256-{digest.decode()}'" for digest in digests) or "'none'"
