"""`GET` a vendor's page: from a host session to the vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import NoSession
from app.resources.fetch_metadata import refuse_foreign
from app.resources.handoffs import Handoffs

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.authenticators.chain import Chain
    from app.destinations.destination import Destination
    from app.resources.appearance import Appearance
    from app.resources.request import Request


class SignOn:
    """One page of a vendor.

    `host_origins` may frame what it shows; `welcome` are the origins that may ask at all.
    """

    signs_on = True
    cross_origin = True

    def __init__(
        self,
        destination: Destination,
        authenticate: Chain,
        host_origins: tuple[str, ...] = (),
        welcome: frozenset[bytes] = frozenset(),
        appearance: Appearance | None = None,
    ) -> None:
        self.destination = destination
        self._authenticate = authenticate
        self._welcome = welcome
        self._handoffs = Handoffs(destination, host_origins, appearance)

    async def on_get(self, req: Request, resp: Response, /, **ids: str) -> None:
        """Sign the user on, or raise why not."""
        refuse_foreign(req, self._welcome)
        destination = self.destination
        try:
            session = req.context.session = await self._authenticate(req)
        except NoSession:
            if not destination.anonymous:
                raise
            self._let_browse(req, resp, ids)
            return
        destination.access.check(session.identity)
        destination.check_ids(ids)
        parameters = destination.checked_parameters(req.query_string)
        statement = destination.statement(session.identity, ids, parameters)
        req.context.token_id = statement.claims.get("jti")
        issued = await destination.issue(statement)
        self._handoffs.send(req, resp, destination.handoff(issued, ids, parameters))

    def _let_browse(self, req: Request, resp: Response, ids: dict[str, str]) -> None:
        """Send a visitor without a session to the vendor, without a token."""
        self.destination.check_ids(ids)
        parameters = self.destination.checked_parameters(req.query_string)
        handoff = self.destination.anonymous_handoff(ids, parameters)
        self._handoffs.send(req, resp, handoff)
