"""The demo's pages: the files of `pages/`, filled in, with every value escaped."""

import html
import json
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

_PAGES: Final = Path(__file__).parent / "pages"
_POLICY = "default-src 'none'; base-uri 'none'; style-src 'self'; script-src 'self'"


class Markup(str):
    """Text that is HTML already; any other text is escaped where it is filled in."""

    __slots__ = ()


def fill(name: str, /, **values: str) -> Markup:
    """Fill the template `pages/<name>` in.

    Raises:
        KeyError: a value of the template is missing.
    """
    template = Template((_PAGES / name).read_text(encoding="utf-8"))
    return Markup(template.substitute({key: _escaped(value) for key, value in values.items()}))


def joined(parts: Iterable[Markup]) -> Markup:
    """Put filled templates one after the other."""
    return Markup("".join(parts))


def page_answer(
    page: Markup, *, policy: str, images: str = "data:", status: int = 200
) -> web.Response:
    """Answer with a page; `policy` is added to the Content-Security-Policy of all pages."""
    return web.Response(
        status=status,
        text=page,
        content_type="text/html",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": f"{_POLICY}; img-src {images}; {policy}",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        },
    )


def host_page(name: str, marketplace: str, /, *, status: int = 200, **values: str) -> web.Response:
    """Answer with a page of the host application, which frames itself and the marketplace.

    Forms lead there, too: browsers hold a redirect after a form against the policy.
    """
    places = f"'self' {marketplace}"
    policy = f"connect-src 'self'; frame-ancestors 'none'; frame-src {places}; form-action {places}"
    return page_answer(fill(name, **values), policy=policy, status=status)


def pretty(value: object) -> str:
    """Return a value as JSON to read; it is escaped where it is filled in."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def file_handler(name: str) -> Handler:
    """Return the handler that answers with the file `pages/<name>` as it is."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_PAGES / name, headers={"Cache-Control": "no-cache"})

    return answer


def _escaped(value: str) -> str:
    """Escape for HTML; what cannot be seen (controls, bidi marks, lone surrogates) is spelt out."""
    if isinstance(value, Markup):
        return value
    spelt = (
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in value
    )
    return html.escape("".join(spelt))
