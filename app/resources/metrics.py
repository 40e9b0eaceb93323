"""`/metrics`: the counts of all workers, for the clients that may read them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST

from app.errors import AccessDenied
from app.resources.fetch_metadata import peer_address
from app.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from falcon.asgi import Response

    from app.resources.request import Request

_UNIX = "unix"


class Metrics:
    """Answers `clients` only: networks, and `unix` for peers of a unix socket."""

    def __init__(self, clients: Iterable[str]) -> None:
        names = frozenset(clients)
        self._allows_unix = _UNIX in names
        self._networks = [ipaddress.ip_network(name) for name in names - {_UNIX}]

    async def on_get(self, req: Request, resp: Response) -> None:
        """Answer the metrics, or refuse."""
        if not self._allows(peer_address(req)):
            raise AccessDenied("the peer is not in SSO_METRICS_CLIENTS")
        resp.content_type = CONTENT_TYPE_LATEST
        resp.data = metrics.exposition()

    def _allows(self, peer: str | None) -> bool:
        if peer is None:
            return self._allows_unix
        address = ipaddress.ip_address(peer)
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self._networks)
