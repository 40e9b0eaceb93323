"""The other end of a connection, and the networks that it may belong to."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    import falcon.asgi

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX: Final = "unix"
"""How the peers of a unix socket are named among networks."""


def peer_address(request: falcon.asgi.Request) -> str | None:
    """Return the address of the connection's other end; `None` for a unix socket.

    Falcon's own attributes believe what headers say of it.
    """
    client = request.scope.get("client")
    address: str | None = client[0] if client else None
    return address


class Peers:
    """A set of peers, named by networks and `unix`.

    Raises:
        ValueError: one of the names is not a network.
    """

    def __init__(self, names: Iterable[str]) -> None:
        distinct = frozenset(names)
        self._has_unix = UNIX in distinct
        self._networks = [_network(name) for name in distinct - {UNIX}]

    def __contains__(self, peer: str | None) -> bool:
        if peer is None:
            return self._has_unix
        address = ipaddress.ip_address(peer)
        address = getattr(address, "ipv4_mapped", None) or address  # IPv4 on a dual-stack socket
        return any(address in network for network in self._networks)

    def covers_everything(self) -> bool:
        """Tell whether the networks together are all of IPv4 or all of IPv6."""
        v4 = [each for each in self._networks if isinstance(each, ipaddress.IPv4Network)]
        v6 = [each for each in self._networks if isinstance(each, ipaddress.IPv6Network)]
        together: list[Network] = [*ipaddress.collapse_addresses(v4)]
        together += ipaddress.collapse_addresses(v6)
        return any(network.prefixlen == 0 for network in together)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a network like 10.0.3.7/32 or 10.0.3.0/24") from None
