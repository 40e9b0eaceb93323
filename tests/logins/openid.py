"""The certified OpenID provider as a process, and the accounts of Acme."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.system.proxies import running
from tests.system.service import free_port

from .code_flow import Application
from .oidc_provider import sign_in
from .products import PRODUCTS
from .visitor import Visitor

NODE: Final = shutil.which("node") or "node"
NAME: Final = "Ada Lövelace Жанна 愛"
GROUPS: Final = ["marketplace", "Vertrieb Süd"]
MANY_GROUPS: Final = [hashlib.sha256(bytes([number])).hexdigest()[:30] for number in range(120)]
ACCOUNTS: Final[dict[str, dict[str, Any]]] = {
    "u-17": {
        "email": "ada@acme.example",
        "email_verified": True,
        "name": NAME,
        "preferred_username": NAME,
        "groups": GROUPS,
    },
    "u-15": {
        "email": "ada@acme.example",
        "email_verified": False,
        "name": "Mallory",
        "preferred_username": "mallory",
        "groups": ["marketplace"],
    },
    "u-16": {
        "email": "grace@acme.example",
        "email_verified": True,
        "name": "Grace",
        "preferred_username": "grace",
        "groups": ["marketplace", *MANY_GROUPS],
    },
    "u-18": {
        "email": "bob@acme.example",
        "email_verified": True,
        "name": "Bob",
        "preferred_username": "bob",
        "groups": ["others"],
    },
}
APP: Final = "an-app"
CLIENT: Final = "marketplace"
CLIENT_SECRET: Final = "a-secret-of-the-client"


@dataclass(frozen=True)
class Provider:
    """A provider that is going to run; its address is known before."""

    port: int = field(default_factory=free_port)
    behind: str | None = None
    """Its issuer, if that is an address of a proxy before it."""

    @property
    def issuer(self) -> str:
        return self.behind or f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def running(self, folder: Path, *callbacks: str, **settings: Any) -> Iterator[None]:
        """Run it with a client for a proxy, which returns to these addresses, and another."""
        client = {
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": [*callbacks],
            "grant_types": ["authorization_code", "refresh_token"],
        }
        app = {
            "client_id": APP,
            "token_endpoint_auth_method": "none",
            "redirect_uris": ["http://127.0.0.1:9/callback"],
        }
        given = {
            "issuer": self.issuer,
            "port": self.port,
            "clients": [client, app],
            "accounts": ACCOUNTS,
            **settings,
        }
        server = str(Path(__file__).with_name("oidc_provider.mjs"))
        command = [NODE, server, str(PRODUCTS["oidc-provider"].path), json.dumps(given)]
        with running(command, self.port, folder / "oidc-provider.log"):
            yield


def own_token(issuer: str) -> str:
    """Return an access token that an application gets for Ada, by the authorization code flow."""
    application = Application(issuer, APP, more={"resource": "urn:marketplace"})
    return str(application.tokens(Visitor(), partial(sign_in, name="u-17"))["access_token"])
