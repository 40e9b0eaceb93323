"""Start and stop authenticators with their worker."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping

log = structlog.get_logger("marketplace_sso")


class Lifespan:
    """Falcon middleware. An authenticator that fails to start is not ready; the worker starts."""

    def __init__(self, authenticators: Mapping[str, object]) -> None:
        self._authenticators = authenticators
        self._failed: set[str] = set()

    async def process_startup(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        """Start all of them at the same time."""
        await asyncio.gather(*(self._call(name, "start") for name in self._authenticators))

    async def process_shutdown(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        """Stop all of them."""
        await asyncio.gather(*(self._call(name, "stop") for name in self._authenticators))

    def not_ready(self) -> list[str]:
        """Return the names of those that cannot decide now."""
        return [
            name
            for name, authenticator in self._authenticators.items()
            if name in self._failed or not getattr(authenticator, "ready", True)
        ]

    async def _call(self, name: str, hook: str) -> None:
        call = getattr(self._authenticators[name], hook, None)
        if call is None:
            return
        try:
            await call()
        except Exception as error:  # noqa: BLE001 - whatever a plugin raises; its text may quote a secret
            self._failed.add(name)
            log.warning("not_called", hook=hook, authenticator=name, error=type(error).__name__)
