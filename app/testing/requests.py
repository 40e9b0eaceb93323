"""Make requests as the server makes them, and the context of a factory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import falcon.asgi

from app.authenticators.contract import AuthenticatorContext
from app.settings.variables import Variables

Header = tuple[str, str | bytes]

_V = TypeVar("_V", bound=Variables)


def make_request(
    headers: Iterable[Header] = (),
    *,
    cookies: Mapping[str, str] | None = None,
    peer: str | None = "127.0.0.1",
    path: str = "/pandium-sso",
    query: str = "",
) -> falcon.asgi.Request:
    """Return a request with exactly these headers, in this order; they may be repeated.

    `peer` is the address of the connection's other end, `None` for a unix socket.
    """
    fields = [(name.lower().encode("latin-1"), _bytes(value)) for name, value in headers]
    if cookies:
        pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
        fields.append((b"cookie", pairs.encode()))
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": fields,
        "server": ("127.0.0.1", 8000),
        "client": (peer, 54321) if peer is not None else None,
    }
    return falcon.asgi.Request(scope, _nothing_more)


def context_for(
    name: str,
    *,
    defaults: Mapping[str, Any] | None = None,
    now: Callable[[], float] = time.time,
    **variables: Any,  # noqa: ANN401 - values of the factory's own variables
) -> AuthenticatorContext:
    """Return the context of a factory; `variables` are its own, in lower case without prefix."""

    def read(model: type[_V], /, *, prefix: str, defaults: Mapping[str, Any]) -> _V:
        return model(_env_prefix=prefix, **{**defaults, **variables})

    prefix = f"AUTH_{name.upper().replace('-', '_')}_"
    return AuthenticatorContext(name, prefix, read, defaults=defaults or {}, now=now)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


async def _nothing_more() -> dict[str, Any]:
    return {"type": "http.disconnect"}
