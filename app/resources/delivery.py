"""How a token reaches the vendor: by a 307, by a form that posts itself, or as JSON."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Final

from app.resources.fetch_metadata import wants_json
from app.resources.page import Page
from app.resources.redirect import redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.destinations.handoff import Handoff
    from app.resources.request import Request

_FORM: Final = Page("form.html")


class Delivery:
    """Send users and their tokens to one destination."""

    def __init__(self, destination: Destination, host_origins: tuple[str, ...]) -> None:
        self._origin = destination.origin
        self._policy = _FORM.policy(framed_by=host_origins, form_action=destination.origin)

    def send(
        self, req: Request, resp: Response, handoff: Handoff, expires_at: int | None = None
    ) -> None:
        """Send the browser where `handoff` says, or tell a script; `expires_at` is the `exp`."""
        if handoff.delivery == "json" or wants_json(req):
            self._json(resp, handoff, expires_at)
        elif handoff.delivery == "form":
            self._form(resp, handoff.url, handoff.fields)
        else:
            redirect(resp, handoff.url)

    def _json(self, resp: Response, handoff: Handoff, expires_at: int | None) -> None:
        body = {"url": handoff.url, "origin": self._origin, "expires_at": expires_at}
        parameters = {"parameters": dict(handoff.fields)} if handoff.fields else {}
        resp.content_type = "application/json"
        resp.text = json.dumps(body | parameters)

    def _form(self, resp: Response, action: str, fields: Mapping[str, str]) -> None:
        inputs = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">\n'
            for name, value in fields.items()
        )
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", self._policy)
        resp.text = _FORM.filled(markup={"fields": inputs}, action=action)
