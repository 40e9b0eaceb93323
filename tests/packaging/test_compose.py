"""The compose file, read as what it promises. (No engine runs it here.)"""

import ipaddress
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
LOGIN = ["service", "nginx", "oauth2-proxy", "dex"]

each_service = pytest.mark.parametrize("name", SERVICES)


def test_up_without_a_profile_is_the_demo_and_the_profile_login_is_the_rest() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["demo"]
    assert [name for name, service in SERVICES.items() if service.get("profiles")] == LOGIN
    assert SERVICES["demo"]["command"] == ["demo"]


@each_service
@pytest.mark.requirement("R51")
def test_every_service_has_a_read_only_root_and_no_privileges(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"} & service.keys()
    assert all(volume.endswith(":ro") for volume in service.get("volumes", []))


@each_service
def test_nothing_listens_beyond_the_loopback_of_the_host(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))
    assert SERVICES[name].get("network_mode") == ("host" if name == "demo" else None)


@each_service
def test_every_image_is_pinned(name: str) -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    image = SERVICES[name]["image"]

    assert re.search(r":v?\d+\.\d+\.\d+(-alpine)?$", image)
    if "build" in SERVICES[name]:
        assert image == f"marketplace-sso:{version}"


@each_service
def test_no_secret_is_in_the_environment(name: str) -> None:
    environment = SERVICES[name].get("environment", {})

    assert not [key for key in environment if re.search("SECRET|PASSWORD|TOKEN|_KEY", key)]


def test_every_secret_is_a_file_named_as_its_variable_and_ignored_by_git() -> None:
    folder = "config/compose/secrets"
    ignored = (PROJECT / "config/compose/.gitignore").read_text().splitlines()

    assert COMPOSE["secrets"] == {
        name: {"file": f"{folder}/{name}"}
        for service in SERVICES.values()
        for name in service.get("secrets", [])
    }
    assert "secrets/" in ignored


def test_nginx_waits_until_the_service_and_the_login_are_healthy() -> None:
    assert SERVICES["nginx"]["depends_on"] == {
        "service": {"condition": "service_healthy"},
        "oauth2-proxy": {"condition": "service_healthy"},
    }
    assert SERVICES["oauth2-proxy"]["depends_on"] == {"dex": {"condition": "service_healthy"}}
    # The image of the service brings a health check of its own.
    assert all("healthcheck" in SERVICES[name] for name in LOGIN if name != "service")


@pytest.mark.requirement("R20")
def test_the_service_trusts_the_address_of_nginx_and_nothing_else() -> None:
    trusted = SERVICES["service"]["environment"]["AUTH_OAUTH2_PROXY_NGINX_TRUSTED_PROXIES"]
    network = COMPOSE["networks"]["service"]
    address = SERVICES["nginx"]["networks"]["service"]["ipv4_address"]
    members = {
        name for name, service in SERVICES.items() if "service" in service.get("networks", [])
    }

    assert trusted == f"{address}/32"
    assert ipaddress.ip_address(address) in ipaddress.ip_network(
        network["ipam"]["config"][0]["subnet"]
    )
    assert network["internal"] is True
    assert members == {"nginx", "service"}
    # An address given by chance to the first to start could be the trusted one.
    assert all("ipv4_address" in SERVICES[name]["networks"]["service"] for name in members)
    assert not SERVICES["service"].get("ports")


@each_service
def test_every_file_that_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        assert (PROJECT / volume.split(":")[0]).exists()


def test_the_login_of_dex_and_the_login_of_oauth2_proxy_are_the_same_client() -> None:
    dex = yaml.safe_load((PROJECT / "config/compose/dex.yaml").read_text())
    proxy = tomllib.loads((PROJECT / "config/compose/oauth2-proxy.cfg").read_text())
    (client,) = dex["staticClients"]
    (user,) = dex["staticPasswords"]

    assert proxy["oidc_issuer_url"] == dex["issuer"]
    assert proxy["login_url"] == f"{dex['issuer']}/auth"
    assert proxy["client_id"] == client["id"]
    assert [proxy["redirect_url"]] == client["redirectURIs"]
    assert proxy["client_secret_file"] in client["secret"]
    assert [user["email"].partition("@")[2]] == proxy["email_domains"]
    # Off: nobody's X-Forwarded-Uri skips the login (CVE-2026-40575, CVE-2026-76835).
    assert "reverse_proxy" not in proxy


def test_make_secrets_writes_each_secret_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    script = shutil.copy(PROJECT / "config/compose/make-secrets", tmp_path)
    environment = {"PATH": "/usr/bin:/bin", "PANDIUM_SHARED_SECRET": "the vendor's own"}

    subprocess.run([script], env=environment, check=True)  # noqa: S603 - our own script
    first = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run([script], env={"PATH": "/usr/bin:/bin"}, check=True)  # noqa: S603 - the same
    second = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    assert first == second
    assert first.keys() == COMPOSE["secrets"].keys()
    assert first["PANDIUM_SHARED_SECRET"] == "the vendor's own"
    # oauth2-proxy takes 16, 24 or 32 bytes, and a newline for one of them.
    assert re.fullmatch("[0-9a-f]{32}", first["OAUTH2_PROXY_COOKIE_SECRET"])
    assert re.fullmatch("[0-9a-f]{64}", first["OAUTH2_PROXY_CLIENT_SECRET"])
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
