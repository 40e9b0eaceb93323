"""`GET` a destination's page: from a host session to the vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import NoSession
from app.resources.delivery import Delivery
from app.resources.fetch_metadata import refuse_foreign

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.authenticators.chain import Authentication
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
        authenticate: Authentication,
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
            identity = await self._authenticate(req)
        except NoSession:
            if not destination.anonymous:
                raise
            parameters = self._checked_parameters(req, ids)
            self._delivery.send(req, resp, destination.anonymous_handoff(ids, parameters))
            return
        req.context.subject = identity.subject
        parameters = self._checked_parameters(req, ids)
        claims = destination.claims_for(identity, ids, parameters)
        req.context.token_id = claims.get("jti")
        handoff = destination.handoff(destination.sign(claims), ids, parameters)
        self._delivery.send(req, resp, handoff, claims.get("exp"))

    def _checked_parameters(self, req: Request, ids: dict[str, str]) -> dict[str, str]:
        self.destination.check_ids(ids)
        return self.destination.checked_parameters(req.query_string)
