"""Keycloak with one service that verifies its tokens, and one that asks about them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from app.testing import IssuerKey
from tests.system.acme import PANDIUM
from tests.system.service import Service, free_port, serving_all

from .keycloak import SECRET, Keycloak, serving_keycloak, sign_in
from .tokens import ALLOWED
from .visitor import Visitor

CLAIMS: Final = {"name": "{name}", "groups": "{groups}"}


@dataclass(frozen=True)
class Front:
    server: Keycloak
    signed: Service
    asked: Service
    variables: dict[str, str]

    def tokens(
        self, client: str, name: str = "zoe", key: IssuerKey | None = None
    ) -> dict[str, Any]:
        application = replace(self.server.application(client), key=key)
        return application.tokens(Visitor(), partial(sign_in, name=name))

    def services(self) -> tuple[Service, Service]:
        return self.signed, self.asked


def oidc(issuer: str) -> dict[str, str]:
    return {
        "SSO_AUTHENTICATORS": "oidc",
        "AUTH_OIDC_ISSUER": issuer,
        "AUTH_OIDC_AUDIENCE": "marketplace",
        "AUTH_OIDC_LEEWAY_SECONDS": "0",
    }


def rfc7662(issuer: str) -> dict[str, str]:
    return {
        "SSO_AUTHENTICATORS": "rfc7662",
        "AUTH_RFC7662_URL": f"{issuer}/protocol/openid-connect/token/introspect",
        "AUTH_RFC7662_FORWARD_HEADERS": "Authorization",
        "AUTH_RFC7662_CLIENT_ID": "marketplace",
        "AUTH_RFC7662_CLIENT_SECRET": SECRET,
        "AUTH_RFC7662_ISSUER": issuer,
        "AUTH_RFC7662_AUDIENCE": "marketplace",
        "AUTH_RFC7662_SCOPE": "profile",
    }


@contextlib.contextmanager
def serving_front(folder: Path) -> Iterator[Front]:
    """Serve them for the length of a block."""
    with serving_keycloak(folder) as keycloak:
        ours = {**PANDIUM, **ALLOWED, "PANDIUM_CLAIMS": json.dumps(CLAIMS)}
        bind = {"SSO_BIND": f"127.0.0.1:{free_port()}"}
        signed, asked = ours | oidc(keycloak.issuer), ours | rfc7662(keycloak.issuer)
        environments = {"signed": signed, "asked": asked}
        with serving_all(environments, folder / "services") as services:
            yield Front(keycloak, services["signed"], services["asked"], {**asked, **bind})


def is_zoe(found: dict[str, Any]) -> bool:
    return (found["sub"], found["name"], sorted(found["groups"])) == (
        "zoe@acme.example",
        "Zoë Østergård 山田",
        ["Vertrieb München", "staff"],
    )
