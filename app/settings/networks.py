"""Peers of connections in variables: networks, and `unix`."""

from __future__ import annotations

import ipaddress
import math
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator

from app.settings.addresses import read_address
from app.settings.variables import CheckedNames

if TYPE_CHECKING:
    from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX: Final = "unix"
"""How the peers of a unix socket are named among networks."""

_LARGEST_V4: Final = 8
_LARGEST_V6: Final = 16
"""Prefix lengths of what all networks may be together: 10.0.0.0/8 is the largest private one of
IPv4; no one has more of IPv6 than a /16."""

_UNIQUE_LOCAL: Final = ipaddress.IPv6Network("fc00::/7")
"""Never routed on the internet (RFC 4193)."""

_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
"""How IPv4 addresses appear on a dual-stack socket (RFC 4291, section 2.5.5.2)."""


class Peers:
    """A set of peers, named by networks and `unix`. Mapped addresses are those that they map.

    Raises:
        ValueError: one of the names is not a network.
    """

    def __init__(self, names: Iterable[str]) -> None:
        distinct = frozenset(names)
        self._has_unix = UNIX in distinct
        self.networks = [_network(name) for name in sorted(distinct - {UNIX})]
        # A peer that is named by its own address is found by its text: to take an address apart is
        # 10 % of a sign-on.
        self._addresses = {
            str(network.network_address) for network in self.networks if network.num_addresses == 1
        }

    def __contains__(self, peer: str | None) -> bool:
        if peer is None:
            return self._has_unix
        if peer in self._addresses:
            return True
        try:
            address = read_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.networks)

    def are_too_many(self) -> bool:
        """Tell whether the networks together are more than anybody's own."""
        v4 = [each for each in self.networks if isinstance(each, ipaddress.IPv4Network)]
        v6 = [each for each in self.networks if isinstance(each, ipaddress.IPv6Network)]
        if any(network.supernet_of(_MAPPED) for network in v6):
            return True
        return _share(v4) > math.ldexp(1, -_LARGEST_V4) or _share(v6) > math.ldexp(1, -_LARGEST_V6)

    def public_networks(self) -> list[str]:
        """Return the networks with addresses that the internet can reach."""
        return [str(each) for each in self.networks if each.is_global]


def plain_address(peer: str) -> str:
    """Return the address of a peer as a variable has it: without the mapping of a dual stack."""
    try:
        return str(read_address(peer))
    except ValueError:
        return peer


def _share(networks: Iterable[Network]) -> float:
    """Return what part of all addresses some networks are, without those of unique local ones."""
    together: Iterable[Network] = ipaddress.collapse_addresses(networks)  # type: ignore[type-var] # they are of one version
    return math.fsum(
        math.ldexp(1, -network.prefixlen)
        for network in together
        if isinstance(network, ipaddress.IPv4Network) or not network.subnet_of(_UNIQUE_LOCAL)
    )


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        wrong = "is not a network: it does not appear to be one like 10.0.3.7/32 or 10.0.3.0/24"
        raise ValueError(f"{text!r} {wrong}") from None
    one = ipaddress.ip_address(text.partition("/")[0])
    if one != network.network_address:
        alone = f"{one}/{one.max_prefixlen}"
        raise ValueError(
            f"{text!r} is not a network but an address in one; write {network} or {alone}"
        )
    if network.num_addresses == 1 and network.network_address.is_unspecified:
        raise ValueError(f"{text!r} is an address that nobody connects from; write the proxy's own")
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        first = network.network_address.ipv4_mapped
        return ipaddress.IPv4Network(f"{first}/{network.prefixlen - _MAPPED.prefixlen}")
    return network


def _checked(names: tuple[str, ...]) -> tuple[str, ...]:
    if Peers(names).are_too_many():
        raise ValueError(
            "trusts everybody, or more addresses than anybody has: all networks together may be "
            f"a /{_LARGEST_V4} of IPv4 and a /{_LARGEST_V6} of IPv6; name the addresses themselves"
        )
    return names


PeerNames = Annotated[CheckedNames, AfterValidator(_checked)]
"""A comma-separated list of networks, and `unix`."""
