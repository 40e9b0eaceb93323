"""A host application and the service beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.system.service import free_port


@dataclass(frozen=True)
class Host:
    """The application and the service, as browsers see them: a proxy ends TLS."""

    port: int = field(default_factory=free_port)
    sso_port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def sso(self) -> str:
        return f"https://127.0.0.1:{self.sso_port}"
