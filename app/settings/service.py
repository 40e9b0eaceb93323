"""The variables of the service itself; vendors and authenticators have their own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from app.settings.addresses import checked_origin
from app.settings.networks import PeerNames
from app.settings.variables import HttpsAddress, Names, Variables, WrongVariable
from app.telemetry.logs import LogFormat

RUN_SECRETS: Final = Path("/run/secrets")
"""Where Docker and, by convention, Kubernetes mount secrets."""

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]")
_LAST_PORT: Final = 65535


def _checked_bind(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if host == "unix" and port.startswith("/") and len(port) > 1:
        return address
    if not (_HOST.fullmatch(host) and colon and port.isascii() and port.isdigit()):
        raise ValueError("must be host:port, like 127.0.0.1:8000, or unix:/path/of/socket")
    if int(port) > _LAST_PORT:
        raise ValueError(f"has a port above {_LAST_PORT}")
    return address


class ListeningVariables(Variables):
    """Where the service listens, and which authenticators it asks.

    Read on its own as well: a mistake in another variable must not hide one in an authenticator.
    """

    bind: Annotated[str, AfterValidator(_checked_bind)] = Field(
        "127.0.0.1:8000",
        description="address to listen on: `host:port`, or `unix:/path/of/socket`",
    )
    authenticators: Names = Field(
        (), description="required: what reads the host's session, in the order they are asked"
    )

    @property
    def host(self) -> str:
        """The host that is listened on."""
        return self.bind.rpartition(":")[0].strip("[]")

    @property
    def unix_peers_only(self) -> bool:
        """Whether every connection comes through a unix socket."""
        return self.bind.startswith("unix:")


class RowsVariables(Variables):
    """Where the rows of further vendors are; read on its own for the same reason."""

    destinations_file: Path | None = Field(
        None, description="TOML file with a table for each further vendor"
    )


class ServiceVariables(ListeningVariables, RowsVariables):
    """The variables of the service itself."""

    authentication_timeout_seconds: float = Field(
        5,
        gt=0,
        le=60,
        description="seconds an authenticator may take; after that it is unavailable (503)",
    )
    login_return_parameter: str = Field(
        "rd",
        pattern=r"^[A-Za-z0-9_.-]+$",
        description="parameter of the login that takes the return address",
    )
    login_url: HttpsAddress | None = Field(None, description="address where users sign in")
    public_url: HttpsAddress | None = Field(
        None, description="address of the service as users see it; the login returns to it"
    )
    host_origins: Annotated[
        Names, AfterValidator(lambda origins: tuple(map(checked_origin, origins)))
    ] = Field((), description="origins of the host's pages, which may frame and call the service")
    allowed_email_domains: Names = Field(
        (), description="e-mail domains that may sign on; others are refused (403)"
    )
    required_groups: Names = Field(
        (), description="groups that a user must all be in; others are refused (403)"
    )
    clock_skew_seconds: int = Field(
        5,
        ge=0,
        le=300,
        description="seconds by which `iat` is set back, for vendors whose clock is behind",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)
    ] = Field("info", description="lowest level that is logged")
    log_format: LogFormat = Field("json", description="`json` for machines, `console` for people")
    metrics_clients: PeerNames = Field(
        ("127.0.0.1/32", "::1/128"),
        description="clients that may read /metrics: networks, or `unix`",
    )
    drain_seconds: float = Field(
        1, ge=0, le=300, description="seconds /readyz fails after SIGTERM before connections close"
    )
    max_location_bytes: int = Field(
        8000, ge=256, le=65536, description="longest address that is sent; a longer one is a 500"
    )

    @field_validator("public_url")
    @classmethod
    def _cut_slash(cls, address: str | None) -> str | None:
        return address.rstrip("/") if address else None

    @model_validator(mode="after")
    def _check_login_leads_back(self) -> Self:
        if self.login_url is not None and self.public_url is None:
            wrong = "is required with SSO_LOGIN_URL: users come back to it after the login"
            raise WrongVariable("public_url", wrong)
        return self


class ProcessVariables(Variables):
    """Variables without a prefix, with the names that other programs use."""

    web_concurrency: int = Field(1, ge=1, le=256, description="number of worker processes")
    env_file: Path | None = Field(
        None, description="file with further variables, read again on SIGHUP"
    )
    secrets_dir: Path | None = Field(
        None,
        description="folder with files named like the variables; `/run/secrets` if it exists",
    )

    @field_validator("env_file")
    @classmethod
    def _check_file(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError("is not a file that can be read")
        return file

    @field_validator("secrets_dir")
    @classmethod
    def _check_folder(cls, folder: Path | None) -> Path | None:
        if folder is None:
            return RUN_SECRETS if RUN_SECRETS.is_dir() else None
        if not folder.is_dir():
            raise ValueError("is not a folder that can be read")
        return folder
