"""`GET` a destination's page: from a host session to a 307."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.asking import refuse_prefetch, wants_json
from app.errors import NoSession
from app.resources.answers import redirect, sign_on_json

if TYPE_CHECKING:
    import falcon.asgi

    from app.authentication import Authentication
    from app.destination import Destination


class SignOn:
    """One page of a vendor."""

    def __init__(self, destination: Destination, authenticate: Authentication) -> None:
        self.destination = destination
        self._authenticate = authenticate

    async def on_get(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, **ids: str
    ) -> None:
        """Sign the user on, or raise why not."""
        refuse_prefetch(req)
        try:
            await self._sign_on(req, resp, ids)
        except NoSession:
            if not self.destination.anonymous:
                raise
            self._let_browse(req, resp, ids)

    async def _sign_on(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, ids: dict[str, str]
    ) -> None:
        destination = self.destination
        identity = await self._authenticate(req)
        req.context.subject = identity.subject
        destination.check_ids(ids)
        parameters = destination.checked_parameters(req.query_string)
        claims = destination.claims_for(identity, ids)
        req.context.token_id = claims.get("jti")
        token = destination.sign(claims)
        location = destination.location(token, ids, parameters)
        self._send(req, resp, location, claims.get("exp"))

    def _let_browse(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, ids: dict[str, str]
    ) -> None:
        self.destination.check_ids(ids)
        parameters = self.destination.checked_parameters(req.query_string)
        self._send(req, resp, self.destination.anonymous_location(ids, parameters), None)

    def _send(
        self,
        req: falcon.asgi.Request,
        resp: falcon.asgi.Response,
        location: str,
        expires_at: int | None,
    ) -> None:
        if wants_json(req):
            origin = self.destination.origin
            sign_on_json(resp, location=location, origin=origin, expires_at=expires_at)
        else:
            redirect(resp, location)
