"""Addresses to listen on."""

from __future__ import annotations

import re
from typing import Final

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]")
_LAST_PORT: Final = 65535


def checked_bind(address: str) -> str:
    """Return `host:port` or `unix:/path/of/socket` as it is.

    Raises:
        ValueError: it is neither.
    """
    host, colon, port = address.rpartition(":")
    if host == "unix" and port.startswith("/") and len(port) > 1:
        return address
    if not (_HOST.fullmatch(host) and colon and port.isascii() and port.isdigit()):
        raise ValueError("must be host:port, like 127.0.0.1:8000, or unix:/path/of/socket")
    if int(port) > _LAST_PORT:
        raise ValueError(f"has a port above {_LAST_PORT}")
    return address


def checked_metrics_bind(address: str) -> str:
    """Return `host:port` as it is: connections are told apart by the port.

    Raises:
        ValueError: it is a unix socket, has no port of its own, or is no address.
    """
    if not port_of(checked_bind(address)):
        raise ValueError("must be host:port, like 0.0.0.0:9090")
    return address


def port_of(bind: str) -> int | None:
    """Return the port of an address; `None` for a unix socket."""
    return None if bind.startswith("unix:") else int(bind.rpartition(":")[2])
