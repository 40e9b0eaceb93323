"""The service and its neighbours over TLS, with a login whose session is a cookie.

What browsers do with cookies in frames of other sites depends on `Secure` and `SameSite`, and only
https means the same in all of them.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import trustme

from tests.system.service import Service, serving

from .asking import KEYS, asking_rows
from .sites import SERVICE, SIGNS_IN, Handler, Sites, serving_sites

SECRET = "session-7Vb2LxKq9Zr4Qf0pSxkTnwHc8JdMeYuG"
HERE, ELSEWHERE = "marketplace-sso", "another-application"

ROWS = """
[named]
address = "{vendor}/access/jwt"
parameter = "jwt"
delivery = "form"
form_targets = ["{tenant}"]
claims = {{ iat = "{{issued_at}}", sub = "{{subject}}" }}

[unnamed]
address = "{vendor}/access/jwt"
parameter = "jwt"
delivery = "form"
claims = {{ iat = "{{issued_at}}", sub = "{{subject}}", aud = "unnamed" }}
"""

MARKETPLACE = """<h1>Marketplace</h1><p id="user"></p><script>
const token = new URLSearchParams(location.search).get("tenant") ?? "";
const payload = token.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/");
const user = payload ? JSON.parse(atob(payload)).sub : "nobody";
document.getElementById("user").textContent = `of ${user}`;
</script>"""


@dataclass
class Accounts:
    """Who signs in next, and for which application the login says so."""

    user: str = "ada"
    audience: str = HERE
    lifetime_seconds: int = 3600

    def session(self) -> str:
        """Return a session cookie as the login signs it."""
        now = int(time.time())
        claims = {"iss": "login", "aud": self.audience, "sub": self.user, "iat": now - 7200}
        claims |= {"exp": now + self.lifetime_seconds, "email": f"{self.user}@acme.example"}
        parts = [_encoded(json.dumps(each)) for each in ({"alg": "HS256", "typ": "JWT"}, claims)]
        signature = hmac.digest(SECRET.encode(), ".".join(parts).encode(), hashlib.sha256)
        return ".".join([*parts, _encoded(signature)])


def _encoded(data: str | bytes) -> str:
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class CookieHandler(Handler):
    """Signs in with a cookie of the service's site, as a login proxy in front of it does."""

    accounts: ClassVar[Accounts] = Accounts()

    def _sign_in(self, return_address: str) -> None:
        session = self.accounts.session()
        set_cookie = f"session={session}; Path=/; Secure; HttpOnly; SameSite=None"
        self._answer(303, b"", {"Location": return_address, "Set-Cookie": set_cookie})


@dataclass
class Neighbours:
    """The service as browsers see it, its login's accounts, and the sites around it."""

    sites: Sites
    process: Service
    accounts: Accounts = field(default_factory=lambda: CookieHandler.accounts)

    @property
    def service(self) -> str:
        return self.sites.origin(SERVICE)

    @property
    def host(self) -> str:
        """A host application of the service's site."""
        return self.sites.origin(f"app.{SERVICE}")

    @property
    def other_host(self) -> str:
        """Another host application of the service's site."""
        return self.sites.origin(f"admin.{SERVICE}")

    @property
    def far_host(self) -> str:
        """The same on another site."""
        return self.sites.origin("host.localhost")

    @property
    def vendor(self) -> str:
        return self.sites.origin("vendor.localhost")

    @property
    def tenant(self) -> str:
        """Another origin of the vendor, to which it leads on after a form."""
        return self.sites.origin("tenant.localhost")

    @property
    def login(self) -> str:
        """The login's address, which leads back to the page of nothing."""
        return f"{self.service}{SIGNS_IN}?rd={self.vendor}/nothing"

    def logins(self) -> int:
        """How often a browser was at the login."""
        return len(self.sites.asked_for(self.service + SIGNS_IN))

    def begin(self) -> None:
        """Forget what was; only the vendor's marketplace is there."""
        self.sites.forget()
        self.accounts.user, self.accounts.audience = "ada", HERE
        self.accounts.lifetime_seconds = 3600
        self.sites.put(f"{self.vendor}/pandium", MARKETPLACE)
        self.sites.put(f"{self.vendor}/nothing", "<p>Nothing</p>")


@contextlib.contextmanager
def serving_neighbours(folder: Path) -> Iterator[Neighbours]:
    """Serve them for the length of a block."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names = ("localhost", "*.localhost", f"*.{SERVICE}")
    trustme.CA().issue_cert(*names).configure_cert(tls)
    with serving_sites(CookieHandler, tls) as sites:
        around = Neighbours(sites, None)  # type: ignore[arg-type] # the service needs their names
        environment = {
            "SSO_AUTHENTICATORS": "oauth2-proxy,jwt",
            "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "192.0.2.7/32",  # not the proxy that there is
            "AUTH_JWT_COOKIE": "session",
            "AUTH_JWT_ALGORITHMS": "HS256",
            "AUTH_JWT_SECRET": SECRET,
            "AUTH_JWT_ISSUER": "login",
            "AUTH_JWT_AUDIENCE": HERE,
            "SSO_HOST_ORIGINS": f"{around.host},{around.other_host},{around.far_host}",
            "SSO_LOGIN_URL": around.service + SIGNS_IN,
            "SSO_PUBLIC_URL": around.service,
            "SSO_DESTINATIONS_FILE": str(folder / "rows.toml"),
            "DESTINATION_NAMED_KEY": "named-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG",
            "DESTINATION_UNNAMED_KEY": "unnamed-Zr4Qf0pSxkTnwHc8JdMeYuG9Kq2LxVb7",
            **KEYS,
            "PANDIUM_SHARED_SECRET": "pandium-4Qf0pSxkTnVb7Zr2LwHc9JdMeYuGaKi5",
            "PANDIUM_ACCOUNT": "acme",
            "PANDIUM_MARKETPLACE_URL": f"{around.vendor}/pandium",
        }
        rows = ROWS.format(vendor=around.vendor, tenant=around.tenant)
        (folder / "rows.toml").write_text(rows + asking_rows(around.vendor))
        with serving(environment, folder / "service") as service:
            sites.bind, around.process = service.bind, service
            yield around
