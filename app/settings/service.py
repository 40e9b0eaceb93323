"""The variables of the service itself; vendors and authenticators have their own."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from app.settings.addresses import is_loopback
from app.settings.binds import checked_bind, checked_metrics_bind, port_of
from app.settings.networks import PeerNames
from app.settings.variables import (
    Domains,
    FileName,
    HttpsAddress,
    Names,
    Origins,
    Variables,
    WrongVariable,
)
from app.telemetry import tracing
from app.telemetry.logs import LogFormat


class ListeningVariables(Variables):
    """Where the service listens, and which authenticators it asks.

    Read on its own as well: a mistake in another variable must not hide one in an authenticator.
    """

    bind: Annotated[str, AfterValidator(checked_bind)] = Field(
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

    destinations_file: FileName | None = Field(
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
    host_origins: Origins = Field(
        (), description="origins of the host's pages, which may frame and call the service"
    )
    pages_file: FileName | None = Field(
        None, description="TOML file with your words and looks for the pages that people see"
    )
    allowed_email_domains: Domains = Field(
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
    tracing: bool = Field(
        False, description="spans by OpenTelemetry, which its own `OTEL_…` variables send; an extra"
    )
    metrics_clients: PeerNames = Field(
        ("127.0.0.1/32", "::1/128"),
        description="clients that may read /metrics: networks, or `unix`",
    )
    metrics_bind: Annotated[str, AfterValidator(checked_metrics_bind)] | None = Field(
        None,
        description="`host:port` that answers /metrics and nothing else; then `SSO_BIND` does not",
    )
    drain_seconds: float = Field(
        1, ge=0, le=300, description="seconds /readyz fails after SIGTERM before connections close"
    )
    socket_mode: str = Field(
        "0660", pattern=r"^0?[0-7]{3}$", description="permissions of a unix socket, in octal"
    )
    reload_seconds: float = Field(
        10,
        ge=0,
        le=3600,
        description="seconds between two looks at files; a change is taken like a SIGHUP; 0: never",
    )
    head_timeout_seconds: float = Field(
        10, gt=0, le=120, description="how long a request head, or reading the answers, may take"
    )
    max_location_bytes: int = Field(
        8000, ge=256, le=65536, description="longest address that is sent; a longer one is a 500"
    )

    @property
    def metrics_port(self) -> int | None:
        """The port that answers `/metrics` only; `None` where the service does it itself."""
        return port_of(self.metrics_bind) if self.metrics_bind else None

    @property
    def on_loopback_only(self) -> bool:
        """Whether nobody but this machine is served.

        A proxy can stand in front of a unix socket; one stands in front of a loopback address
        where the service, its login or the host's pages have addresses that others can reach.
        """
        if self.unix_peers_only or not is_loopback(self.host):
            return False
        reached = (self.public_url, self.login_url, *self.host_origins)
        return all(is_loopback(urlsplit(each).hostname or "") for each in reached if each)

    @field_validator("tracing")
    @classmethod
    def _check_the_extra_is_installed(cls, wanted: bool) -> bool:  # noqa: FBT001 - a variable's value
        if wanted and not tracing.is_installed():
            raise ValueError("needs the extra otel: pip install '.[otel]' in a checkout")
        return wanted

    @field_validator("public_url")
    @classmethod
    def _cut_slash(cls, address: str | None) -> str | None:
        if address is not None and "?" in address:
            raise ValueError("has a query, behind which no path can stand; remove it")
        return address.rstrip("/") if address else None

    @model_validator(mode="after")
    def _check_metrics_have_a_port_of_their_own(self) -> Self:
        if self.metrics_bind is not None and self.metrics_port == port_of(self.bind):
            wrong = "has the port of SSO_BIND: take another one"
            raise WrongVariable("metrics_bind", wrong)
        return self

    @model_validator(mode="after")
    def _check_login_leads_back(self) -> Self:
        if self.login_url is not None and self.public_url is None:
            wrong = "is required with SSO_LOGIN_URL: users come back to it after the login"
            raise WrongVariable("public_url", wrong)
        return self
