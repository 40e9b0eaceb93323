"""Proxies with their recipes, on free ports of this machine and without TLS."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml

from tests.packaging.login_proxy import ask
from tests.system.proxies import recipe, running
from tests.system.service import ROOT, eventually

from .products import PRODUCTS

Running = AbstractContextManager[None]
SOCKET: Final = "/run/marketplace-sso/http.sock"
LOGIN: Final = "127.0.0.1:4180"
MODULES: Final = "/usr/lib/apache2/modules"
LOADED: Final = [
    *("mpm_event", "authn_core", "authz_core", "authz_user", "headers", "proxy", "proxy_http"),
    "auth_openidc",
]


@dataclass(frozen=True)
class Places:
    """Where a proxy listens, and whom it asks: the login and the service."""

    folder: Path
    port: int
    login: int
    service: str

    @property
    def socket(self) -> str:
        return self.service.removeprefix("unix:")


def nginx(places: Places, name: str = "nginx.conf", *changes: tuple[str, str]) -> Running:
    folder = places.folder
    addresses = {
        "listen 443 ssl;": f"listen 127.0.0.1:{places.port};",
        "  ssl_certificate /etc/ssl/acme/fullchain.pem;\n": "",
        "  ssl_certificate_key /etc/ssl/acme/privkey.pem;\n": "",
        "/var/log/nginx/marketplace-sso.log": f"{folder}/access.log",
        SOCKET: places.socket,
        **({LOGIN: f"127.0.0.1:{places.login}"} if places.login else {}),
        **dict(changes),
    }
    temporary = [
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    ]
    lines = [
        *("daemon off;", f"pid {folder}/pid;", "events {}", "http {", *temporary),
        *(recipe(name, addresses), "}"),
    ]
    (folder / "nginx.conf").write_text("\n".join(lines))
    shutil.copy(ROOT / "config/compose/nginx/service-request.conf", folder)
    # The workers of root's nginx would be another user's, who may not read pytest's folders.
    user = ["-g", "user root;"] if os.geteuid() == 0 else []
    program = str(PRODUCTS["nginx"].path)
    command = [program, "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", "stderr", *user]
    return running(command, places.port, folder / "nginx.log")


def caddy(
    places: Places,
    name: str = "Caddyfile",
    *changes: tuple[str, str],
    program: str = str(PRODUCTS["caddy"].path),
) -> Running:
    folder = places.folder
    addresses = {
        "app.acme.example {": f"http://127.0.0.1:{places.port} {{",
        SOCKET: places.socket,
        **({LOGIN: f"127.0.0.1:{places.login}"} if places.login else {}),
        **dict(changes),
    }
    ours = "{\n\tadmin off\n\tauto_https off\n}\n"
    (folder / "Caddyfile").write_text(ours + recipe(name, addresses))
    command = [program, "run", "--config", f"{folder}/Caddyfile"]
    return running(
        [*command, "--adapter", "caddyfile"],
        places.port,
        folder / "caddy.log",
        {"HOME": str(folder)},
    )


def apache(
    places: Places,
    name: str = "apache-openidc.conf",
    *changes: tuple[str, str],
    secrets: Mapping[str, str] = MappingProxyType({}),
) -> Running:
    folder = places.folder
    addresses = {
        "*:443": f"127.0.0.1:{places.port}",
        "  SSLEngine on\n": "",
        "  SSLCertificateFile /etc/ssl/acme/fullchain.pem\n": "",
        "  SSLCertificateKeyFile /etc/ssl/acme/privkey.pem\n": "",
        "http://127.0.0.1:8000": f"http://{places.service}",
        **dict(changes),
    }
    # What Debian's own files have around a site.
    lines = [
        f"ServerRoot {folder}",
        f"DefaultRuntimeDir {folder}",
        f"PidFile {folder}/pid",
        f"ErrorLog {folder}/error.log",
        "Mutex posixsem",
        f"Listen 127.0.0.1:{places.port}",
        "ServerName 127.0.0.1",
        *(["User www-data", "Group www-data"] if os.geteuid() == 0 else []),
        *(f"LoadModule {each}_module {MODULES}/mod_{each}.so" for each in LOADED),
        recipe(name, addresses),
    ]
    (folder / "apache.conf").write_text("\n".join(lines))
    command = [str(PRODUCTS["apache"].path), "-f", f"{folder}/apache.conf", "-DFOREGROUND"]
    return running(command, places.port, folder / "apache.log", secrets)


@contextmanager
def traefik(
    places: Places, name: str = "traefik.yaml", *changes: tuple[str, str]
) -> Iterator[None]:
    folder = places.folder
    addresses = {
        "      tls: {}\n": "",
        "Host(`app.acme.example`)": "Host(`127.0.0.1`)",
        "http://marketplace-sso:8000": f"http://{places.service}",
        **({"oauth2-proxy:4180": f"127.0.0.1:{places.login}"} if places.login else {}),
        **dict(changes),
    }
    (folder / "traefik.yaml").write_text(recipe(name, addresses))
    options = [
        f"--entrypoints.websecure.address=127.0.0.1:{places.port}",
        f"--providers.file.filename={folder}/traefik.yaml",
        "--providers.file.watch=false",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]
    command = [str(PRODUCTS["traefik"].path), *options]
    with running(command, places.port, folder / "traefik.log"):
        # It listens before it has read its routes.
        eventually(lambda: ask(places.port, "/pandium-sso")[0].status != HTTPStatus.NOT_FOUND)
        yield


def envoy(places: Places, name: str = "envoy.yaml", *changes: tuple[str, str]) -> Running:
    folder = places.folder
    addresses = {"app.acme.example": '"*"', SOCKET: places.socket, **dict(changes)}
    resources = yaml.safe_load(recipe(name, addresses))["static_resources"]
    (listener,) = resources["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": places.port}
    for with_tls in (*listener["filter_chains"], *resources["clusters"]):
        with_tls.pop("transport_socket", None)
    file = folder / "envoy.json"
    file.write_text(json.dumps({"static_resources": resources}))
    command = [str(PRODUCTS["envoy"].path), "--config-path", str(file), "--concurrency", "1"]
    return running([*command, "--disable-hot-restart"], places.port, folder / "envoy.log")


FRONTS: Final[dict[str, Callable[[Places], Running]]] = {
    "nginx": nginx,
    "caddy": caddy,
    "traefik": traefik,
}
