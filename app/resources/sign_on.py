"""`GET` a destination's page: from a host session to the vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import NoSession
from app.resources.delivery import Delivery, Visit
from app.resources.fetch_metadata import refuse_foreign

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.authenticators.chain import Chain
    from app.destinations.destination import Destination
    from app.resources.request import Request


class SignOn:
    """One page of a vendor.

    `host_origins` may frame what it shows; `welcome` are the origins that may ask at all.
    """

    event = "sign_on"
    cross_origin = True

    def __init__(
        self,
        destination: Destination,
        authenticate: Chain,
        host_origins: tuple[str, ...] = (),
        welcome: frozenset[bytes] = frozenset(),
    ) -> None:
        self.destination = destination
        self._authenticate = authenticate
        self._welcome = welcome
        self._delivery = Delivery(destination, host_origins)

    async def on_get(self, req: Request, resp: Response, **ids: str) -> None:
        """Sign the user on, or raise why not."""
        refuse_foreign(req, self._welcome)
        destination = self.destination
        try:
            session = await self._authenticate(req)
        except NoSession:
            if not destination.anonymous:
                raise
            self._let_browse(req, resp, ids)
            return
        identity = session.identity
        req.context.authenticator, req.context.subject = session.authenticator, identity.subject
        visit = self._visit(req, ids)
        claims = destination.claims_for(identity, visit.ids, visit.parameters)
        req.context.token_id = claims.get("jti")
        token = destination.sign(claims)
        self._delivery.send(req, resp, visit, token, claims.get("exp"))

    def _let_browse(self, req: Request, resp: Response, ids: dict[str, str]) -> None:
        visit = self._visit(req, ids)
        location = self.destination.anonymous_location(visit.ids, visit.parameters)
        self._delivery.send_on(req, resp, location, None)

    def _visit(self, req: Request, ids: dict[str, str]) -> Visit:
        self.destination.check_ids(ids)
        return Visit(ids, self.destination.checked_parameters(req.query_string))
