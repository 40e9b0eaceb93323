"""The certified provider with clients that get access tokens, and one that asks about them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from .code_flow import Application
from .openid import Provider

SECRET: Final = "provider-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG"
CLIENTS: Final = [
    *(
        {
            "client_id": name,
            "token_endpoint_auth_method": "none",
            "redirect_uris": [Application.redirect],
        }
        for name in ("app", "brief")
    ),
    {
        "client_id": "marketplace",
        "client_secret": SECRET,
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
    },
]
ZOE: Final = {
    "email": "zoe@acme.example",
    "email_verified": True,
    "name": "Zoë Østergård 山田",
    "groups": ["Vertrieb München", "staff"],
}
BOB: Final = {"email": "bob@acme.example", "email_verified": True, "groups": ["others"]}


@contextlib.contextmanager
def serving_provider(folder: Path) -> Iterator[str]:
    """Run it for the length of a block, and return its issuer."""
    provider = Provider()
    with provider.running(folder, clients=CLIENTS, accounts={"zoe": ZOE, "bob": BOB}):
        yield provider.issuer
