"""`GET …/session`: whether the user is signed in. It never mints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.errors import NoSession
from app.resources.fetch_metadata import refuse_foreign

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.authenticators.chain import Chain
    from app.destinations.destination import Destination
    from app.resources.login import Login
    from app.resources.request import Request


class Session:
    """The session check of a vendor's page, asked by the host's page before it shows that.

    `welcome` are the origins that may ask.
    """

    cross_origin = True

    def __init__(
        self,
        destination: Destination,
        authenticate: Chain,
        login: Login,
        welcome: frozenset[bytes] = frozenset(),
    ) -> None:
        self.destination = destination
        self._authenticate = authenticate
        self._login = login
        self._welcome = welcome

    async def on_get(self, req: Request, resp: Response, /, **ids: str) -> None:
        """Answer when the session ends (epoch seconds, or null), or raise why there is none.

        Where visitors may browse without a session, the answer has the login's address, unless they
        come from there.
        """
        refuse_foreign(req, self._welcome)
        destination = self.destination
        try:
            req.context.session = await self._authenticate(req)
        except NoSession:
            if not destination.anonymous:
                raise
        else:
            destination.access.check(req.context.session.identity)
        destination.check_ids(ids)
        parameters = destination.checked_parameters(req.query_string)
        session = req.context.session
        answer: dict[str, Any] = {
            "authenticated": session is not None,
            "expires_at": session.identity.expires_at if session else None,
            "marketplace_origin": destination.origin,
        }
        if session is None and not self._login.was_tried(req.query_string):
            answer |= self._login.members(destination.path(ids, parameters))
        if destination.target.renew is not None:
            answer["renew"] = destination.target.renew
        resp.content_type = "application/json"
        resp.text = json.dumps(answer)
