"""nginx's recipe with its TLS, oauth2-proxy and a real provider, in the browsers that people use.

They alone decide by `Secure`, `SameSite` and `__Host-` whether the login's cookie counts.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.browser.engines import ENGINES, Engine
from tests.browser.neighbours import MARKETPLACE
from tests.browser.sites import Handler, Sites, serving_sites
from tests.browser.webdriver import Tab
from tests.system.acme import PANDIUM
from tests.system.service import free_port, serving

from .fronts import Places, nginx
from .needed import needs
from .oauth2_proxies import oauth2_proxy
from .openid import Provider

pytestmark = [
    needs("oauth2-proxy", "oidc-provider", "nginx"),
    pytest.mark.login("oauth2-proxy behind nginx"),
    pytest.mark.timeout(180),
]
FILL_IN = """
const login = document.querySelector("[name=login]");
if (login) login.value = arguments[0];
const password = document.querySelector("[name=password]");
if (password) password.value = "any password";
document.querySelector("form").submit();
"""

PAGES = """
  location = /host { default_type text/html; return 200 "<iframe src=/pandium-sso>"; }
  location = /element { default_type text/html; return 200 "<a href=/pandium-sso>Marketplace</a>
    <marketplace-embed src=/pandium-sso></marketplace-embed>
    <script type=module src=/pandium-sso/embed.js></script>
    <script>document.addEventListener('sso-ready', () => { document.title = 'ready' })</script>";
  }
"""


class Vendor(Handler):
    """Has sites of its own."""


@dataclass(frozen=True)
class Front:
    site: str
    sites: Sites

    @property
    def vendor(self) -> str:
        return self.sites.origin("vendor.localhost")

    @property
    def page(self) -> str:
        return f"{self.site}/pandium-sso"

    @property
    def host(self) -> str:
        """A page of the application with the marketplace in a frame."""
        return f"{self.site}/host"

    @property
    def element(self) -> str:
        """One with the element, and a link."""
        return f"{self.site}/element"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("browsers")
    certificate = trustme.CA().issue_cert("app.localhost", "vendor.localhost")
    certificate.private_key_pem.write_to_path(folder / "privkey.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "fullchain.pem", append=True)
    provider, port, login = Provider(), free_port(), free_port()
    service = f"unix:{folder}/socket"
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    with serving_sites(Vendor, tls) as sites:
        front = Front(f"https://app.localhost:{port}", sites)
        sites.put(f"{front.vendor}/pandium", MARKETPLACE)
        environment = {
            **PANDIUM,
            "PANDIUM_MARKETPLACE_URL": f"{front.vendor}/pandium",
            "SSO_BIND": service,
            "SSO_AUTHENTICATORS": "oauth2-proxy-nginx",
            "AUTH_OAUTH2_PROXY_NGINX_TRUSTED_PROXIES": "unix",
            "SSO_PUBLIC_URL": front.site,
            "SSO_LOGIN_URL": f"{front.site}/oauth2/start",
        }
        addresses = {
            "https://login.acme.example": provider.issuer,
            "https://app.acme.example": front.site,
            '"app.acme.example"': f'"app.localhost:{port}"',
            "127.0.0.1:4180": f"127.0.0.1:{login}",
        }
        changes = (
            ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
            (
                "  ssl_certificate /etc/ssl/acme/fullchain.pem;\n",
                f"  ssl_certificate {folder}/fullchain.pem;\n",
            ),
            (
                "  ssl_certificate_key /etc/ssl/acme/privkey.pem;\n",
                f"  ssl_certificate_key {folder}/privkey.pem;\n  {PAGES}\n",
            ),
        )
        with (
            provider.running(folder, f"{front.site}/oauth2/callback"),
            oauth2_proxy(folder / "login", "oauth2-proxy-auth.cfg", addresses, login),
            serving(environment, folder / "service"),
            nginx(Places(folder, port, login, service), "nginx.conf", *changes),
        ):
            yield front


@pytest.fixture(params=ENGINES.values(), ids=lambda engine: engine.name)
def tab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tab]:
    engine: Engine = request.param
    if not engine.is_installed:
        pytest.skip(f"there is no {engine.name}: apt-get install {engine.packages}")  # in .ci/run
    with engine.running(tmp_path, "usual") as tab:
        yield tab


def sign_in(tab: Tab, front: Front) -> None:
    """From the page to the login's two forms, and on to the marketplace."""
    tab.open(front.page)
    tab.until(lambda: "Sign-in" in tab.text(), "the login's form")
    tab.run(FILL_IN, "u-17")
    tab.until(lambda: "Continue" in tab.text(), "the question for a consent")
    tab.run(FILL_IN, "u-17")
    tab.until(lambda: "of ada@acme.example" in tab.text(), "the marketplace")


@pytest.mark.shows("sign-in", "307", "sign-out")
@pytest.mark.requirement("R70", "R71")
def test_a_user_signs_in_sees_frame_and_element_follows_a_link_and_signs_out(
    front: Front, tab: Tab
) -> None:
    sign_in(tab, front)
    assert tab.address.startswith(f"{front.vendor}/pandium")

    tab.open(front.host)
    tab.until(lambda: "of ada@acme.example" in tab.framed_text(), "the marketplace in a frame")

    tab.open(front.element)
    tab.until(lambda: tab.run("return document.title") == "ready", "the marketplace in the element")
    tab.click("a")
    tab.until(lambda: "of ada@acme.example" in tab.text(), "the marketplace behind a link")

    tab.open(f"{front.site}/oauth2/sign_out?rd=/host")
    tab.until(lambda: "Sign in" in tab.framed_text(), "the link to sign in")
    assert tab.address == front.host
