"""oauth2-proxy with its recipes: as the proxy itself, or asked by another one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.system.acme import PANDIUM
from tests.system.proxies import recipe, running
from tests.system.service import free_port, serving

from .fronts import FRONTS, Places
from .openid import CLIENT_SECRET, Provider
from .products import PRODUCTS

ITSELF: Final = "itself"
WHERE: Final = {
    ITSELF: "as the proxy",
    "nginx": "behind nginx",
    "caddy": "behind Caddy",
    "traefik": "behind Traefik",
}
COOKIE_SECRET: Final = "0123456789abcdef0123456789abcdef"
_WITHOUT_TLS: Final = {
    'http_address = ""\n': "",
    "https_address": "http_address",
    'tls_cert_file = "/etc/ssl/acme/fullchain.pem"\n': "",
    'tls_key_file = "/etc/ssl/acme/privkey.pem"\n': "",
}


@dataclass(frozen=True)
class Front:
    """What is going to run: its addresses are known before."""

    proxy: str
    folder: Path
    issuer: str
    port: int
    service: str

    @classmethod
    def planned(cls, proxy: str, folder: Path, issuer: str) -> Front:
        over_tcp = proxy in {ITSELF, "traefik"}
        service = f"127.0.0.1:{free_port()}" if over_tcp else f"unix:{folder}/socket"
        return cls(proxy, folder, issuer, free_port(), service)

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def page(self) -> str:
        return f"{self.site}/pandium-sso?integration_id=7"

    @property
    def callback(self) -> str:
        return f"{self.site}/oauth2/callback"

    def environment(self, group: str) -> dict[str, str]:
        """Return the variables that the recipes name, and some to see more by."""
        preset = "oauth2-proxy" if self.proxy == ITSELF else "oauth2-proxy-nginx"
        peers = f"AUTH_{preset.upper().replace('-', '_')}_TRUSTED_PROXIES"
        return {
            **PANDIUM,
            "SSO_BIND": self.service,
            "SSO_AUTHENTICATORS": f"{preset},oidc",
            "AUTH_OIDC_ISSUER": self.issuer,
            "AUTH_OIDC_AUDIENCE": "marketplace",
            peers: "unix" if self.service.startswith("unix:") else "127.0.0.1/32",
            "SSO_PUBLIC_URL": self.site,
            "SSO_LOGIN_URL": f"{self.site}/oauth2/start",
            "SSO_ALLOWED_GROUPS": group,
            "PANDIUM_CLAIMS": json.dumps({"who": "{name}", "groups": "{groups}"}),
        }

    @contextlib.contextmanager
    def running(
        self, *more: str, group: str = "marketplace", client: str = "marketplace"
    ) -> Iterator[None]:
        """Run the service and what is in front of it; `more` are lines for oauth2-proxy.

        It may lead back to the site, and to the provider for a sign-out there.
        """
        domains = f'"127.0.0.1:{self.port}", "{self.issuer.split("/")[2]}"'
        addresses = {
            "https://login.acme.example": self.issuer,
            "https://app.acme.example": self.site,
            '"app.acme.example"': domains,
            'client_id = "marketplace"': f'client_id = "{client}"',
        }
        with serving(self.environment(group), self.folder / "service"):
            if self.proxy == ITSELF:
                addresses |= {**_WITHOUT_TLS, "http://127.0.0.1:8000": f"http://{self.service}"}
                addresses["0.0.0.0:443"] = f"127.0.0.1:{self.port}"
                with oauth2_proxy(
                    self.folder / "login", "oauth2-proxy.cfg", addresses, self.port, *more
                ):
                    yield
                return
            login = free_port()
            addresses["127.0.0.1:4180"] = f"127.0.0.1:{login}"
            with (
                oauth2_proxy(
                    self.folder / "login", "oauth2-proxy-auth.cfg", addresses, login, *more
                ),
                FRONTS[self.proxy](Places(self.folder, self.port, login, self.service)),
            ):
                yield


def oauth2_proxy(
    folder: Path, name: str, addresses: dict[str, str], port: int, *more: str
) -> contextlib.AbstractContextManager[None]:
    """Run oauth2-proxy with a recipe, in a new folder; `more` are further lines."""
    folder.mkdir()
    (folder / "client-secret").write_text(CLIENT_SECRET)
    (folder / "cookie-secret").write_text(COOKIE_SECRET)
    text = recipe(name, {"/etc/oauth2-proxy/": f"{folder}/", **addresses})
    (folder / name).write_text("\n".join([text, *more]))
    command = [str(PRODUCTS["oauth2-proxy"].path), "--config", str(folder / name)]
    return running(command, port, folder / "oauth2-proxy.log")


@contextlib.contextmanager
def standing(proxy: str, folder: Path, *more: str) -> Iterator[Front]:
    """Run all of it; `more` are lines of oauth2-proxy's configuration."""
    provider = Provider()
    front = Front.planned(proxy, folder, provider.issuer)
    with provider.running(folder, front.callback), front.running(*more):
        yield front
