"""What answers are made of: redirects, and HTML pages with their policy."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from falcon.asgi import Response


def redirect(resp: Response, location: str, *, status: int = 307) -> None:
    """Send the browser to `location`, with an empty body."""
    resp.status = status
    resp.set_header("Location", location)  # resp.location would encode a second time
    resp.data = b""


class Page:
    """An HTML file of `app/resources/pages` with placeholders, read once."""

    def __init__(self, name: str) -> None:
        self._text = files("app.resources.pages").joinpath(name).read_text(encoding="utf-8")

    def filled(self, *, markup: dict[str, str], **texts: str) -> str:
        """Fill in texts, escaped, and `markup` as it is."""
        escaped = {name: html.escape(text) for name, text in texts.items()}
        return Template(self._text).substitute(escaped | markup)

    def policy(self, *, framed_by: tuple[str, ...], form_action: str = "'none'") -> str:
        """Return the Content-Security-Policy: nothing from elsewhere, inline code by its hash.

        CSP Level 3, section 2.3.1. `framed_by` are origins; empty means the service's own.
        """
        ancestors = " ".join(framed_by) or "'self'"
        return (
            f"default-src 'none'; style-src {self._hashes('style')}; "
            f"script-src {self._hashes('script')}; base-uri 'none'; form-action {form_action}; "
            f"frame-ancestors {ancestors}"
        )

    def _hashes(self, element: str) -> str:
        texts = re.findall(f"<{element}>(.*?)</{element}>", self._text, re.DOTALL)
        digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in texts)
        return " ".join(f"'sha256-{digest.decode()}'" for digest in digests) or "'none'"
