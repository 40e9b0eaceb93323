"""Apache with mod_auth_openidc and its recipe, before the service and the certified provider."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from tests.system.acme import PANDIUM
from tests.system.service import free_port, serving

from .fronts import Places, apache
from .openid import CLIENT_SECRET, Provider

SECRETS: Final = {"OIDC_CLIENT_SECRET": CLIENT_SECRET, "OIDC_CRYPTO_PASSPHRASE": "another-one"}


@dataclass(frozen=True)
class Front:
    port: int
    service: str
    issuer: str

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        return f"{self.site}/pandium-sso?integration_id=7"


@contextlib.contextmanager
def standing(folder: Path, *changes: tuple[str, str]) -> Iterator[Front]:
    provider = Provider()
    front = Front(free_port(), f"127.0.0.1:{free_port()}", provider.issuer)
    environment = {
        **PANDIUM,
        "SSO_BIND": front.service,
        "SSO_AUTHENTICATORS": "apache-oidc,oidc",
        "AUTH_OIDC_ISSUER": provider.issuer,
        "AUTH_OIDC_AUDIENCE": "marketplace",
        "AUTH_APACHE_OIDC_TRUSTED_PROXIES": "127.0.0.1/32",
        "SSO_PUBLIC_URL": front.site,
        "SSO_LOGIN_URL": f"{front.site}/oidc/callback?iss={quote(provider.issuer, safe='')}",
        "SSO_LOGIN_RETURN_PARAMETER": "target_link_uri",
        "SSO_ALLOWED_GROUPS": "marketplace",
        "PANDIUM_CLAIMS": json.dumps({"who": "{name}", "groups": "{groups}"}),
    }
    changes = (
        ("https://app.acme.example", front.site),
        (r"https://app\.acme\.example", front.site.replace(".", r"\.")),
        ("https://login.acme.example", provider.issuer),
        *changes,
    )
    places = Places(folder, front.port, provider.port, front.service)
    with (
        provider.running(folder, f"{front.site}/oidc/callback"),
        serving(environment, folder / "service"),
        apache(places, "apache-openidc.conf", *changes, secrets=SECRETS),
    ):
        yield front
