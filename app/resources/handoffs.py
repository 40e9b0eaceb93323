"""How a token reaches the vendor: by a 307, by a form that posts itself, or as JSON."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any, Final

from app.resources.answers import Page, page_file, redirect
from app.resources.appearance import Appearance
from app.resources.fetch_metadata import wants_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falcon.asgi import Request, Response

    from app.destinations.destination import Destination
    from app.destinations.handoff import Handoff

_HTML: Final = page_file("form.html")


class Handoffs:
    """Answers by which users and their tokens reach one vendor.

    `host_origins` may frame a form, which has the host's `appearance`.
    """

    def __init__(
        self,
        destination: Destination,
        host_origins: tuple[str, ...],
        appearance: Appearance | None = None,
    ) -> None:
        appearance = appearance or Appearance()
        self._origin = destination.origin
        self._form_page = Page(_HTML, appearance)
        self._languages = appearance.languages
        # Browsers apply form-action to where the vendor redirects a posted form, too (CSP Level 3,
        # section 4.2.4).
        targets = " ".join((destination.origin, *destination.target.form_targets))
        self._policy = self._form_page.policy(framed_by=host_origins, form_action=targets)

    def send(self, req: Request, resp: Response, handoff: Handoff) -> None:
        """Deliver a token; scripts are told where it goes instead."""
        if handoff.delivery == "json" or wants_json(req):
            _json(resp, handoff, self._origin)
        elif handoff.delivery == "form":
            self._form(req, resp, handoff.url, handoff.fields)
        else:
            redirect(resp, handoff.url)

    def _form(self, req: Request, resp: Response, action: str, fields: Mapping[str, str]) -> None:
        inputs = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">\n'
            for name, value in fields.items()
        )
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", self._policy)
        language = self._languages.preferred(req.get_header("Accept-Language") or "")
        resp.set_header("Content-Language", language.tag)
        resp.text = self._form_page.filled(
            language,
            markup={"fields": inputs},
            action=action,
            title=language.texts["to_marketplace.title"],
            go_on=language.texts["continue"],
        )


def _json(resp: Response, handoff: Handoff, origin: str) -> None:
    body: dict[str, Any] = {
        "url": handoff.url,
        "origin": origin,
        "expires_at": handoff.expires_at,
    }
    if handoff.fields:
        body["parameters"] = dict(handoff.fields)
    body |= handoff.renewal
    resp.content_type = "application/json"
    resp.text = json.dumps(body if handoff.answer is None else handoff.answer)
