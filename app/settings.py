"""Every variable of the service, read in one place: the only one that looks at the environment.

All of it is in the environment, or in files of the same name in `SECRETS_DIR`. A wrong
configuration is refused with every problem at once, each with the variable that it is about and
never with a secret's value.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from app.addresses import checked_origin, is_loopback
from app.authenticators import loading
from app.destinations import apifuse, custom, pandium
from app.environment import InvalidSettings, Problem, Reading, refuse_undecodable
from app.variables import HttpsAddress, Names, Variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from app.authenticator import Authenticator
    from app.destination import Destination

PREFIXES: Final = ("SSO_", "AUTH_", "PANDIUM_", "APIFUSE_", "DESTINATION_")
"""Everything that begins so is ours: a variable that nothing reads is a mistake."""

LogLevel = Literal["debug", "info", "warning", "error"]

RUN_SECRETS: Final = Path("/run/secrets")
"""Where Docker and Kubernetes put secrets by custom."""

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]")
_LAST_PORT: Final = 65535

EXAMPLE_SECRET: Final = "an-example-secret-that-is-for-trying-out-only"
"""What `config/example.env` signs with. Anyone can know it, so it works on loopback only."""


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
    log_format: Literal["json", "console"] = Field("json", description="for machines or people")
    metrics_clients: Annotated[Names, AfterValidator(_networks)] = Field(
        ("127.0.0.1/32", "::1/128"), description="who may see /metrics: networks, or `unix`"
    )
    drain_seconds: float = Field(
        1, ge=0, le=300, description="from SIGTERM on not ready for so long, before closing"
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


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration that holds."""

    service: ServiceVariables
    process: ProcessVariables
    authenticators: Mapping[str, Authenticator]
    destinations: tuple[Destination, ...]
    secrets: tuple[str, ...]


VENDORS: Final[Mapping[str, tuple[type[Variables], Callable[[Any], list[Destination]]]]] = {
    "PANDIUM_": (pandium.PandiumVariables, pandium.destinations),
    "APIFUSE_": (apifuse.ApifuseVariables, apifuse.destinations),
}


BUILT_IN: Final = frozenset({"pandium", "apifuse"})
"""Vendors with variables of their own."""


def load() -> Settings:
    """Read the environment.

    Raises:
        InvalidSettings: with every problem that there is.
    """
    refuse_undecodable(os.environ, (*PREFIXES, "SECRETS_DIR", "WEB_CONCURRENCY"))
    process = ProcessVariables.model_construct()
    early = Reading(())
    with early.collecting():
        process = early(ProcessVariables, prefix="", defaults={})
    reading = Reading(os.environ, process.secrets_dir, process.env_file)
    reading.problems += early.problems
    authenticators = _authenticators(reading)
    destinations = _destinations(reading)
    with reading.collecting():
        service = reading(ServiceVariables, prefix="SSO_", defaults={})
        _refuse_example_secret(reading, service)
    reading.problems += reading.overall_problems(PREFIXES)
    if reading.problems:
        raise InvalidSettings(reading.problems)
    return Settings(
        service,
        process,
        authenticators,
        tuple(
            replace(
                destination,
                clock_skew_seconds=service.clock_skew_seconds,
                max_location_bytes=service.max_location_bytes,
            )
            for destination in destinations
        ),
        tuple(reading.secrets.values()),
    )


def _authenticators(reading: Reading) -> dict[str, Authenticator]:
    authenticators: dict[str, Authenticator] = {}
    reading.excused.add("AUTH_")
    with reading.collecting():
        listening = reading(ListeningVariables, prefix="SSO_", defaults={})
        reading.excused.clear()
        for named in loading.parse(listening.authenticators):
            with reading.collecting():
                unix = listening.unix_peers_only
                authenticators[named.name] = _authenticator(reading, named, unix_peers_only=unix)
    return authenticators


def _authenticator(
    reading: Reading, named: loading.Named, *, unix_peers_only: bool
) -> Authenticator:
    try:
        defaults = loading.preset_defaults(named, reader=reading)
    except InvalidSettings:
        reading.knows(loading.engine_variables(named), named.prefix)  # not read, but not unknown
        raise
    try:
        return loading.build(
            named, reader=reading, defaults=defaults, unix_peers_only=unix_peers_only
        )
    except ValueError as error:
        reading.excused.add("AUTH_")
        raise InvalidSettings([Problem("SSO_AUTHENTICATORS", str(error))]) from error


def _destinations(reading: Reading) -> list[Destination]:
    destinations: list[Destination] = []
    switched_on = False
    for prefix, (model, make) in VENDORS.items():
        reading.knows(model, prefix)
        if reading.anything_begins_with(prefix):
            switched_on = True
            with reading.collecting():
                destinations += make(reading(model, prefix=prefix, defaults={}))
    reading.excused.add("DESTINATION_")
    with reading.collecting():
        rows = reading(RowsVariables, prefix="SSO_", defaults={})
        if rows.destinations_file is not None:
            switched_on = True
            for vendor in custom.read_rows(rows.destinations_file).values():
                prefix = custom.key_prefix(vendor.name)
                with reading.collecting():
                    keys = reading(custom.KeyVariables, prefix=prefix, defaults={})
                    destinations += custom.destinations(vendor, keys)
        reading.excused.discard("DESTINATION_")
    if not switched_on:
        wrong = "is required (or APIFUSE_API_SECRET, or SSO_DESTINATIONS_FILE): there is no vendor"
        reading.problems.append(Problem("PANDIUM_SHARED_SECRET", wrong))
    reading.problems += _taken_twice(destinations)
    return destinations


def _taken_twice(destinations: list[Destination]) -> Iterable[Problem]:
    takers: dict[str, list[str]] = {}
    for each in destinations:
        for path in (each.route, f"{each.route}/session"):
            takers.setdefault(re.sub(r"\{[a-z_]+\}", "{}", path), []).append(each.name)
    for name, root in dict.fromkeys((each.name, each.root) for each in destinations):
        takers.setdefault(f"{root}/embed.js", []).append(name)
    problems: dict[str, Problem] = {}
    for path, names in takers.items():
        if len(names) > 1:
            key = f"{names[-1].upper()}_PATH" if names[-1] in BUILT_IN else f"[{names[-1]}] path"
            wrong = f"is taken: {path} is of {' and of '.join(names)}"
            problems.setdefault(key, Problem(key, wrong))
    return problems.values()


def _refuse_example_secret(reading: Reading, service: ServiceVariables) -> None:
    loopback = service.unix_peers_only or is_loopback(service.bind.rpartition(":")[0].strip("[]"))
    for name, secret in reading.secrets.items():
        if secret == EXAMPLE_SECRET and not loopback:
            reading.problems.append(Problem(name, "is the example's; take one of your own"))
