"""Apache with mod_auth_openidc and its recipe, an OpenID provider, and the shipped service."""

import base64
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.packaging.login_proxy import FORGED, ask
from tests.system import vendor
from tests.system.acme import PANDIUM, PANDIUM_SECRET
from tests.system.proxies import FRAME, PAGE, SCRIPT, Browser, location, recipe, running
from tests.system.service import free_port, serving

APACHE = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")
LOADED = [
    *("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http"),
    "auth_openidc",
]
SUBJECT = "u-17"
ADA = {"sub": SUBJECT, "email": "ada@acme.example", "name": "Ada Lövelace", "groups": ["a", "b"]}
OIDC_HEADERS = ["X-Oidc-Sub", "X-Oidc-Email", "X-Oidc-Name", "X-Oidc-Groups"]

pytestmark = [
    pytest.mark.skipif(
        not (APACHE.exists() and (MODULES / "mod_auth_openidc.so").exists()),
        reason="no Apache with mod_auth_openidc (Debian: apache2, libapache2-mod-auth-openidc)",
    ),
    pytest.mark.timeout(60),
]


@dataclass(frozen=True)
class Front:
    site: str
    port: int
    service_port: int


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("apache")
    port, provider, service_port = free_port(), free_port(), free_port()
    site, issuer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{provider}"
    environment = {
        **PANDIUM,
        "SSO_BIND": f"127.0.0.1:{service_port}",
        "SSO_AUTHENTICATORS": "apache-oidc",
        "AUTH_APACHE_OIDC_TRUSTED_PROXIES": "127.0.0.1/32",
        "SSO_PUBLIC_URL": site,
        "SSO_LOGIN_URL": f"{site}/oidc/callback?iss=http%3A%2F%2F127.0.0.1%3A{provider}",
        "SSO_LOGIN_RETURN_PARAMETER": "target_link_uri",
    }
    secrets = {"OIDC_CLIENT_SECRET": "a-secret", "OIDC_CRYPTO_PASSPHRASE": "another-one"}
    (folder / "apache.conf").write_text(configuration(folder, port, site, issuer, service_port))
    mock = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(provider)]
    apache = [str(APACHE), "-f", f"{folder}/apache.conf", "-DFOREGROUND"]
    with (
        serving(environment, folder / "service"),
        running([*mock, "--user-claims", json.dumps(ADA)], provider, folder / "provider.log"),
        running(apache, port, folder / "apache.log", secrets),
    ):
        yield Front(site, port, service_port)


def configuration(folder: Path, port: int, site: str, issuer: str, service_port: int) -> str:
    """The recipe on a free port without TLS, and what Debian's own files have around it."""
    pattern = site.replace(".", r"\.")
    addresses = {
        "*:443": f"127.0.0.1:{port}",
        "  SSLEngine on\n": "",
        "  SSLCertificateFile /etc/ssl/acme/fullchain.pem\n": "",
        "  SSLCertificateKeyFile /etc/ssl/acme/privkey.pem\n": "",
        "https://app.acme.example": site,
        r"https://app\.acme\.example": pattern,
        "https://login.acme.example": issuer,
        "http://127.0.0.1:8000": f"http://127.0.0.1:{service_port}",
    }
    lines = [
        f"ServerRoot {folder}",
        f"DefaultRuntimeDir {folder}",
        f"PidFile {folder}/pid",
        f"ErrorLog {folder}/error.log",
        "Mutex posixsem",
        f"Listen 127.0.0.1:{port}",
        "ServerName 127.0.0.1",
        *(["User www-data", "Group www-data"] if os.geteuid() == 0 else []),
        *(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED),
        recipe("apache-openidc.conf", addresses),
    ]
    return "\n".join(lines)


def signed_in(front: Front) -> Browser:
    """Log in as a person does: from the page, to the login, and back."""
    browser = Browser()
    page = f"{front.site}/pandium-sso?integration_id=7"
    login = location(page, browser.get(page))
    provider = location(login, browser.get(login))
    back = location(provider, browser.post(provider, {"sub": SUBJECT}))
    returned, _, mark = location(back, browser.get(back)).partition("&sso_attempt=")
    assert (returned, mark.isdigit()) == (page, True)
    return browser


def test_a_login_ends_at_the_marketplace(front: Front) -> None:
    response = signed_in(front).get(f"{front.site}/pandium-sso?integration_id=7")

    arrival = vendor.arrive(response.headers["Location"], key=PANDIUM_SECRET, parameter="tenant")
    assert response.status == 307
    assert arrival.claims["external_id"] == "u-17"
    assert arrival.claims["sub"] == "ada@acme.example"
    assert arrival.parameters == {"integration_id": "7"}


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("headers", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
def test_forged_headers_from_outside_are_refused(front: Front, headers: dict[str, str]) -> None:
    mallory = base64.urlsafe_b64encode(b"mallory").decode().rstrip("=")
    forged = dict.fromkeys([*FORGED, *OIDC_HEADERS, "X_Oidc_sub", "X-Proxy-Secret"], mallory)

    response, body = ask(front.port, "/pandium-sso", {**forged, **headers})

    assert response.status == (302 if headers is PAGE else 401)
    assert "tenant=" not in response.headers.get("Location", "")
    assert mallory.encode() not in body


@pytest.mark.requirement("R21")
def test_forged_headers_do_not_change_who_is_signed_in(front: Front) -> None:
    mallory = base64.urlsafe_b64encode(b"mallory").decode().rstrip("=")
    forged = dict.fromkeys([*OIDC_HEADERS, "X_Oidc_sub", "x-oidc-SUB"], mallory)

    response = signed_in(front).get(f"{front.site}/pandium-sso", {**PAGE, **forged})

    arrival = vendor.arrive(response.headers["Location"], key=PANDIUM_SECRET, parameter="tenant")
    assert arrival.claims["external_id"] == "u-17"


def test_the_door_behind_the_proxy_opens_with_these_headers(front: Front) -> None:
    """So that the tests above prove that it was Apache who took them out."""
    ada = {"X-Oidc-sub": "dS0xNw", "X-Oidc-email": "YWRhQGFjbWUuZXhhbXBsZQ"}

    assert ask(front.service_port, "/pandium-sso", ada)[0].status == 307


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/version", "/pandium-ssox"])
def test_only_the_prefixes_of_the_service_are_passed(front: Front, path: str) -> None:
    assert ask(front.port, path)[0].status == 404


def test_the_login_never_leads_to_another_site(front: Front) -> None:
    browser = Browser()
    login = location(front.site, browser.get(f"{front.site}/pandium-sso"))

    forged = login.partition("&target_link_uri=")[0] + "&target_link_uri=https%3A%2F%2Fevil.example"
    response = browser.get(forged)

    assert response.headers["Location"] is None
    assert b"evil.example" not in browser.body
