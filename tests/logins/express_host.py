"""docs/examples/express-host as its README says, and the service beside it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.system.proxies import running
from tests.system.service import serving

from .examples import EXAMPLES, documented
from .hosts import Host
from .products import PRODUCTS

EXAMPLE: Final = EXAMPLES / "express-host"
PASSWORD: Final = "Kq2LxVb7-Zr4Qf0p"


def variables(host: Host) -> dict[str, str]:
    """What the README says to set."""
    addresses = {
        "http://127.0.0.1:8080": f"http://127.0.0.1:{host.port}",
        "https://app.acme.example/login": f"{host.origin}/login",
        "https://app.acme.example": host.sso,
    }
    ours = {
        "SSO_BIND": f"127.0.0.1:{host.sso_port}",
        "PANDIUM_TOKEN_LIFETIME_SECONDS": "7200",
    }
    return documented("express-host", addresses) | ours


@contextlib.contextmanager
def hosting(folder: Path, seconds: int = 3600) -> Iterator[Host]:
    """Run the example, whose sessions last so long, and the service beside it."""
    host = Host()
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
        serving(variables(host), folder / "service"),
    ):
        yield host
