"""HTML pages: files with placeholders, and the policy that lets each run only what it contains."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from string import Template


class Page:
    """A page of `app/pages`, read once."""

    def __init__(self, name: str) -> None:
        self._text = files("app.resources.pages").joinpath(name).read_text(encoding="utf-8")

    def filled(self, *, markup: dict[str, str], **texts: str) -> str:
        """Put texts into the page, escaped, and `markup` as it is."""
        escaped = {name: html.escape(text) for name, text in texts.items()}
        return Template(self._text).substitute(escaped | markup)

    def policy(self, *, framed_by: tuple[str, ...], form_action: str = "'none'") -> str:
        """Give the Content-Security-Policy: nothing from elsewhere, what is inline by its hash.

        CSP Level 3, section 2.3.1. `framed_by` are origins; none means the service's own.
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
