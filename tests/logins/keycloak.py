"""Keycloak with a realm as docs/logins/keycloak.md says, and one of its users."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.system.proxies import running
from tests.system.service import free_port

from .code_flow import Application
from .products import PRODUCTS
from .visitor import Seen, Visitor

PASSWORD: Final = "Kq2LxVb7-Zr4Qf0p"
SECRET: Final = "keycloak-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG"
START_SECONDS: Final = 150

_IN_TOKENS: Final = {
    "access.token.claim": "true",
    "introspection.token.claim": "true",
    "userinfo.token.claim": "true",
}
AUDIENCE: Final = {
    "name": "audience",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-audience-mapper",
    "config": {**_IN_TOKENS, "included.client.audience": "marketplace"},
}
GROUPS: Final = {
    "name": "groups",
    "protocol": "openid-connect",
    "protocolMapper": "oidc-group-membership-mapper",
    "config": {**_IN_TOKENS, "claim.name": "groups", "full.path": "false"},
}


def _client(name: str, *mappers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "clientId": name,
        "publicClient": True,
        "redirectUris": ["http://127.0.0.1:9/*"],
        "protocolMappers": mappers,
        **more,
    }


def _on(attribute: str) -> dict[str, str]:
    return {attribute: "true"}


def _user(name: str, **more: Any) -> dict[str, Any]:
    return {
        "username": name,
        "enabled": True,
        "email": f"{name}@acme.example",
        "emailVerified": True,
        "realmRoles": ["default-roles-acme"],
        "credentials": [{"type": "password", "value": PASSWORD}],
        **more,
    }


REALM: Final = {
    "realm": "acme",
    "enabled": True,
    "groups": [{"name": "Vertrieb München"}, {"name": "staff"}],
    "clients": [
        _client("app", AUDIENCE, GROUPS),
        _client("brief", AUDIENCE, attributes={"access.token.lifespan": "2"}),
        _client("other"),
        _client(
            "light", AUDIENCE, GROUPS, attributes=_on("client.use.lightweight.access.token.enabled")
        ),
        _client("bare", AUDIENCE, defaultClientScopes=["profile", "email"]),
        _client("bound", AUDIENCE, attributes=_on("dpop.bound.access.tokens")),
        {"clientId": "marketplace", "secret": SECRET, "standardFlowEnabled": False},
        {
            "clientId": "robot",
            "secret": SECRET,
            "serviceAccountsEnabled": True,
            "protocolMappers": [AUDIENCE],
        },
    ],
    "users": [
        _user(
            "zoe",
            firstName="Zoë",
            lastName="Østergård 山田",
            groups=["Vertrieb München", "staff"],
        ),
        _user("bob", firstName="Bob", lastName="Builder"),
        _user("ivan", firstName="Ivan", lastName="Ivanov", emailVerified=False),
    ],
}


@dataclass(frozen=True)
class Keycloak:
    """A running server."""

    origin: str

    @property
    def issuer(self) -> str:
        return f"{self.origin}/realms/acme"

    def application(self, name: str) -> Application:
        return Application(self.issuer, name)

    def make(self, what: dict[str, Any], path: str = "") -> None:
        """Make a realm, or something below one, as administrators do, over the admin API."""
        login = {"client_id": "admin-cli", "username": "admin", "password": PASSWORD}
        administrator = Application(f"{self.origin}/realms/master", "admin-cli")
        token = administrator.ask("token", {"grant_type": "password", **login})["access_token"]
        question = urllib.request.Request(  # noqa: S310 - of the tests
            f"{self.origin}/admin/realms{path}",
            json.dumps(what).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(question, timeout=60) as answer:  # noqa: S310 - of the tests
            assert answer.status == 201

    def robots_token(self) -> str:
        """Return a client's own token."""
        form = {"grant_type": "client_credentials", "client_secret": SECRET}
        return str(self.application("robot").ask("token", form)["access_token"])


def sign_in(visitor: Visitor, page: Seen, name: str = "zoe") -> Seen:
    """Fill in Keycloak's form."""
    return visitor.post(page.action, {**page.form, "username": name, "password": PASSWORD})


@contextlib.contextmanager
def serving_keycloak(folder: Path) -> Iterator[Keycloak]:
    """Run it for the length of a block; its database is in memory."""
    port = free_port()
    command = [
        *PRODUCTS["keycloak"].command(),
        *("start", "--optimized", "--http-enabled=true", "--hostname-strict=false"),
        *("--http-host=127.0.0.1", f"--http-port={port}"),
    ]
    environment = {
        "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
        "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
        "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",  # it starts in 13 s instead of 20
    }
    with running(command, port, folder / "keycloak.log", environment, START_SECONDS):
        keycloak = Keycloak(f"http://127.0.0.1:{port}")
        keycloak.make(REALM)
        yield keycloak
