"""Every variable of the service itself; vendors and authenticators have their own."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from app.authenticators import loading
from app.settings.addresses import checked_origin
from app.settings.variables import HttpsAddress, Names, Variables
from app.telemetry.logs import LogFormat

RUN_SECRETS: Final = Path("/run/secrets")
"""Where Docker and Kubernetes put secrets by custom."""

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]")
_LAST_PORT: Final = 65535


def _bind(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if host == "unix" and port.startswith("/") and len(port) > 1:
        return address
    if not (_HOST.fullmatch(host) and colon and port.isascii() and port.isdigit()):
        raise ValueError("is neither host:port, like 127.0.0.1:8000, nor unix:/path/of/a/socket")
    if int(port) > _LAST_PORT:
        raise ValueError(f"has a port over {_LAST_PORT}")
    return address


def _networks(clients: tuple[str, ...]) -> tuple[str, ...]:
    for client in clients:
        if client != "unix":
            ipaddress.ip_network(client)
    return clients


class ListeningVariables(Variables):
    """Where the service listens, and whom it asks.

    Read on its own too, so that a mistake elsewhere hides none in an authenticator.
    """

    bind: Annotated[str, AfterValidator(_bind)] = Field(
        "127.0.0.1:8000",
        description="the address to listen on, or `unix:` and the path of a socket",
    )
    authenticators: Names = Field(
        (), description="required: what takes the host's session, in order"
    )

    @field_validator("authenticators")
    @classmethod
    def _they_have_names(cls, authenticators: tuple[str, ...]) -> tuple[str, ...]:
        loading.parse(authenticators)
        return authenticators

    @property
    def unix_peers_only(self) -> bool:
        """Whether every peer comes through a unix socket."""
        return self.bind.startswith("unix:")


class RowsVariables(Variables):
    """Where the rows of further vendors are."""

    destinations_file: Path | None = Field(
        None, description="a TOML file with a table for each further vendor"
    )


class ServiceVariables(ListeningVariables, RowsVariables):
    """The variables of the service itself."""

    authentication_timeout_seconds: float = Field(
        5, gt=0, le=60, description="an authenticator that takes longer is unavailable (503)"
    )
    login_return_parameter: str = Field(
        "rd", pattern=r"^[A-Za-z0-9_.-]+$", description="how the login takes the return address"
    )
    login_url: HttpsAddress | None = Field(None, description="where users sign in")
    public_url: HttpsAddress | None = Field(
        None, description="the service's own address as users see it, to come back to"
    )
    host_origins: Annotated[
        Names, AfterValidator(lambda origins: tuple(map(checked_origin, origins)))
    ] = Field((), description="origins of the host's pages, which may frame and call the service")
    allowed_email_domains: Names = Field((), description="everybody else is refused (403)")
    required_groups: Names = Field((), description="who is not in all of them is refused (403)")
    clock_skew_seconds: int = Field(
        5,
        ge=0,
        le=300,
        description="how far `iat` lies in the past, for vendors whose clock is behind",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)
    ] = Field("info", description="the least that is logged")
    log_format: LogFormat = Field("json", description="for machines or people")
    metrics_clients: Annotated[Names, AfterValidator(_networks)] = Field(
        ("127.0.0.1/32", "::1/128"), description="who may see /metrics: networks, or `unix`"
    )
    drain_seconds: float = Field(
        1, ge=0, le=300, description="from SIGTERM on not ready for so long, before closing"
    )
    head_timeout_seconds: float = Field(
        10, gt=0, le=120, description="a connection without a whole request head by then is closed"
    )
    max_location_bytes: int = Field(
        8000, ge=256, le=65536, description="a longer address is an error of ours (500)"
    )

    @field_validator("public_url")
    @classmethod
    def _a_login_leads_back(cls, address: str | None, info: ValidationInfo) -> str | None:
        if address is None and info.data.get("login_url") is not None:
            raise ValueError("is required with SSO_LOGIN_URL: the address to come back to")
        return address.rstrip("/") if address else None


class ProcessVariables(Variables):
    """Variables without a prefix, named as elsewhere."""

    web_concurrency: int = Field(1, ge=1, le=256, description="worker processes")
    env_file: Path | None = Field(
        None, description="a file with further variables, read again on SIGHUP"
    )
    secrets_dir: Path | None = Field(
        None,
        description="a folder with files named like the variables; `/run/secrets` if it exists",
    )

    @field_validator("env_file")
    @classmethod
    def _it_is_a_file(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError("is not a file that can be read")
        return file

    @field_validator("secrets_dir")
    @classmethod
    def _it_is_a_folder(cls, folder: Path | None) -> Path | None:
        if folder is None:
            return RUN_SECRETS if RUN_SECRETS.is_dir() else None
        if not folder.is_dir():
            raise ValueError("is not a folder that can be read")
        return folder
