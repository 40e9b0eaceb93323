"""How a token reaches the vendor: by a 307, by a form that posts itself, or as JSON."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from app.resources.fetch_metadata import wants_json
from app.resources.page import Page
from app.resources.redirect import redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.request import Request

_FORM: Final = Page("form.html")


class Visit(NamedTuple):
    """What a request asks of a destination: ids of the path, known parameters of the query."""

    ids: Mapping[str, str]
    parameters: Mapping[str, str]


class Delivery:
    """Sends users and their tokens to one destination."""

    def __init__(self, destination: Destination, host_origins: tuple[str, ...]) -> None:
        self._destination = destination
        self._policy = _FORM.policy(framed_by=host_origins, form_action=destination.origin)

    def send(
        self, req: Request, resp: Response, visit: Visit, token: str, expires_at: int | None
    ) -> None:
        """Deliver `token`, whose `exp` is `expires_at`, in the destination's way.

        Raises:
            LocationTooLong: the address would not pass proxies whole.
        """
        destination = self._destination
        if destination.delivery == "redirect":
            location = destination.location(token, visit.ids, visit.parameters)
            self.send_on(req, resp, location, expires_at)
            return
        action = destination.form_action(visit.ids)
        fields = destination.passed_on(visit.parameters)
        fields[str(destination.token_parameter)] = token
        if destination.delivery == "json" or wants_json(req):
            self._json(resp, action, expires_at, parameters=fields)
        else:
            self._form(resp, action, fields)

    def send_on(self, req: Request, resp: Response, location: str, expires_at: int | None) -> None:
        """Send the browser on, or tell a script where to go."""
        if wants_json(req):
            self._json(resp, location, expires_at)
        else:
            redirect(resp, location)

    def _json(self, resp: Response, url: str, expires_at: int | None, **more: Any) -> None:  # noqa: ANN401 - JSON members
        body = {"url": url, "origin": self._destination.origin, "expires_at": expires_at, **more}
        resp.content_type = "application/json"
        resp.text = json.dumps(body)

    def _form(self, resp: Response, action: str, fields: Mapping[str, str]) -> None:
        inputs = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">\n'
            for name, value in fields.items()
        )
        resp.content_type = "text/html; charset=utf-8"
        resp.set_header("Content-Security-Policy", self._policy)
        resp.text = _FORM.filled(markup={"fields": inputs}, action=action)
