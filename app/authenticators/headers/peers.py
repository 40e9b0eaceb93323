"""The other end of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import falcon.asgi


def peer_address(request: falcon.asgi.Request) -> str | None:
    """Return the address of the connection's other end; `None` for a unix socket.

    Falcon's own attributes believe what headers say of it.
    """
    client = request.scope.get("client")
    address: str | None = client[0] if client else None
    return address
