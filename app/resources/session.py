"""`GET …/session`: whether somebody is signed in. It never mints."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from app.errors import NoSession
from app.resources.fetch_metadata import refuse_foreign

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.authenticators.chain import Chain
    from app.destinations.destination import Destination
    from app.resources.refusals import Login
    from app.resources.request import Request


class Session:
    """What a host's page asks before it shows one page of a vendor.

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

    async def on_get(self, req: Request, resp: Response, **ids: str) -> None:
        """Say until when the session lasts (epoch seconds, if it says), or raise why there is none.

        Where visitors may look around without one, they are told how to get one.
        """
        refuse_foreign(req, self._welcome)
        destination = self.destination
        try:
            session = await self._authenticate(req)
        except NoSession:
            if not destination.anonymous:
                raise
            session = None
        req.context.authenticator = session.authenticator if session else None
        destination.check_ids(ids)
        parameters = destination.checked_parameters(req.query_string)
        told: dict[str, Any] = {"authenticated": session is not None, "expires_at": None}
        if session is None:
            told |= self._login.told(destination.path(ids, parameters))
        else:
            req.context.subject = session.identity.subject
            told["expires_at"] = session.identity.expires_at
        resp.content_type = "application/json"
        resp.text = json.dumps({**told, "marketplace_origin": destination.origin})
