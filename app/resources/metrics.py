"""`/metrics`: what all workers have counted, for those who may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST

from app.authenticators.headers.peers import Peers, peer_address
from app.errors import AccessDenied
from app.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from falcon.asgi import Response

    from app.resources.request import Request


class Measurements:
    """Answers `clients` only: networks, and `unix` for the peers of a unix socket."""

    def __init__(self, clients: Iterable[str]) -> None:
        self._clients = Peers(clients)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Give the metrics, or refuse."""
        if peer_address(req) not in self._clients:
            raise AccessDenied("not a client of the metrics")
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = metrics.exposition()
