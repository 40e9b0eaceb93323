"""`/metrics`: the counts of all workers, for the clients that may read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST

from app.authenticators.headers.peers import peer_address
from app.errors import MetricsDenied
from app.settings.networks import Peers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from falcon.asgi import Response

    from app.resources.request import Request


class Metrics:
    """Answers `clients` only: networks, and `unix` for peers of a unix socket.

    `exposition` returns the metrics in the text format of Prometheus.
    """

    def __init__(self, clients: Iterable[str], exposition: Callable[[], bytes]) -> None:
        self._clients = Peers(clients)
        self._exposition = exposition

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer the metrics, or refuse."""
        peer = peer_address(req)
        if peer not in self._clients:
            raise MetricsDenied(
                f"the peer is {peer or 'unix'}, which is not in SSO_METRICS_CLIENTS"
            )
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = self._exposition()
