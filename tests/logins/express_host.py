"""docs/examples/express-host as its README says, and the service beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.system.proxies import running
from tests.system.service import free_port, serving

from .examples import EXAMPLES, documented
from .products import PRODUCTS

EXAMPLE: Final = EXAMPLES / "express-host"
PASSWORD: Final = "Kq2LxVb7-Zr4Qf0p"


@dataclass(frozen=True)
class Host:
    """The application and the service, as browsers see them: a proxy ends TLS."""

    port: int
    sso_port: int

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def sso(self) -> str:
        return f"https://127.0.0.1:{self.sso_port}"

    def variables(self) -> dict[str, str]:
        """What the README says to set."""
        addresses = {
            "http://127.0.0.1:8080": f"http://127.0.0.1:{self.port}",
            "https://app.acme.example/login": f"{self.origin}/login",
            "https://app.acme.example": self.sso,
        }
        ours = {
            "SSO_BIND": f"127.0.0.1:{self.sso_port}",
            "PANDIUM_TOKEN_LIFETIME_SECONDS": "7200",
        }
        return documented("express-host", addresses) | ours


@contextlib.contextmanager
def hosting(folder: Path, seconds: int = 3600) -> Iterator[Host]:
    """Run the example, whose sessions last so long, and the service beside it."""
    host = Host(free_port(), free_port())
    for name in ("host.js", "package.json"):
        (folder / name).write_bytes((EXAMPLE / name).read_bytes())
    (folder / "node_modules").symlink_to(PRODUCTS["express"].folder / "node_modules")
    environment = {
        "SESSION_SECRET": "express-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG",
        "SESSION_SECONDS": str(seconds),
        "PASSWORD": PASSWORD,
        "PORT": str(host.port),
        "MARKETPLACE": host.sso,
    }
    program = ["node", str(folder / "host.js")]
    with (
        running(program, host.port, folder / "express.log", environment, 20),
        serving(host.variables(), folder / "service"),
    ):
        yield host
