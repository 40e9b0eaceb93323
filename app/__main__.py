"""The command line."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NoReturn

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliImplicitFlag,
    CliPositionalArg,
    CliSubCommand,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app import configuration as settings
from app.authenticators.contract import ProbeResult
from app.cli import check_online as online
from app.cli import reference
from app.cli.inspect_token import Finding, identified, inspect
from app.destinations.destination import Destination
from app.errors import SignOnError
from app.identity import Identity, InvalidIdentity
from app.settings.reading import InvalidSettings
from app.tokens.jws import read


class Serve(BaseModel):
    """Check the configuration, then serve it with gunicorn."""

    def cli_cmd(self) -> None:
        """Become gunicorn, so that signals reach it."""
        settings.load()
        command = [sys.executable, "-m", "gunicorn", "--config", str(_gunicorn_configuration())]
        os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


class Check(BaseModel):
    """Check the configuration; without --online it needs no network."""

    online: CliImplicitFlag[bool] = Field(
        default=False, description="try the vendors, what the authenticators ask, and the clock"
    )

    as_json: CliImplicitFlag[bool] = Field(
        default=False, alias="json", description="for scripts: problems or parts as JSON"
    )

    def cli_cmd(self) -> None:
        """Print every problem, or what the configuration says."""
        try:
            config = settings.load()
        except InvalidSettings as error:
            if not self.as_json:
                raise
            problems = [{"variable": each.variable, "wrong": each.wrong} for each in error.problems]
            _print_json({"ok": False, "problems": problems})
            sys.exit(2)
        pages = {each.route: each.address for each in config.destinations}
        tried = _tried(config) if self.online else []
        ok = all(trial.ok for trial in tried)
        if self.as_json:
            found = {"ok": ok, "authenticators": list(config.authenticators), "destinations": pages}
            _print_json({**found, "online": [asdict(each) for each in tried]} if tried else found)
        else:
            print(f"authenticators  {', '.join(config.authenticators)}")
            for route, address in pages.items():
                print(f"destination     {route} -> {address}")
            for trial in tried:
                print(f"{'works' if trial.ok else 'FAILS':<15} {trial.what}: {trial.found}")
                if not trial.ok:
                    print(f"{'':<15} {trial.remedy}")
            print("The configuration holds." if ok else "What it names does not all work.")
        sys.exit(0 if ok else 1)


class Mint(BaseModel):
    """Show the claims and the address that a sample user would get."""

    destination: CliPositionalArg[str] = Field(description="pandium, apifuse, ...")
    page: str | None = Field(None, description="a page of it, like install; by default its first")
    subject: str = Field(description="the sample user's id")
    email: str | None = Field(None, description="e-mail address")
    name: str | None = Field(None, description="display name")
    given_name: str | None = Field(None, description="first name")
    family_name: str | None = Field(None, description="last name")
    org_id: str | None = Field(None, description="id of the organisation")
    org_name: str | None = Field(None, description="its name")
    group: list[str] = Field([], description="a group; may be given again")
    claim: list[str] = Field([], description="a claim of the host session, name=value")
    integration_id: str | None = Field(None, description="the id in an install page's path")
    listing_id: str | None = Field(None, description="the id in a listing page's path")
    as_json: CliImplicitFlag[bool] = Field(default=False, alias="json", description="for scripts")

    def cli_cmd(self) -> None:
        """Mint with the configured key, and print what came."""
        destination = _destination(settings.load(), self.destination, self.page)
        ids = {name: getattr(self, name, None) or "" for name in destination.ids}
        try:
            destination.check_ids(ids)
            claims = destination.claims_for(self._identity(), ids)
            token = destination.sign(claims)
            location = destination.location(token, ids, {})
        except (SignOnError, InvalidIdentity) as error:
            _fail(str(error))
        header = dict(read(token).header)
        if self.as_json:
            _print_json({"header": header, "claims": claims, "token": token, "url": location})
        else:
            print(f"header  {json.dumps(header)}")
            print(f"claims  {json.dumps(claims, indent=2)}")
            print(f"address {location}")

    def _identity(self) -> Identity:
        claims = {}
        for claim in self.claim:
            name, equals, value = claim.partition("=")
            if not equals:
                _fail(f"--claim {claim!r} is not name=value")
            claims[name] = value
        return Identity(
            subject=self.subject,
            email=self.email,
            name=self.name,
            given_name=self.given_name,
            family_name=self.family_name,
            org_id=self.org_id,
            org_name=self.org_name,
            groups=tuple(self.group),
            claims=claims,
        )


class Inspect(BaseModel):
    """Decode a token or an address, verify it, and say what the vendor would object to."""

    token: CliPositionalArg[str] = Field(
        "-", description="the token or address; - reads it from input"
    )
    authenticator: str | None = Field(
        None, description="say instead whom this authenticator takes its bearer for, or why not"
    )
    as_json: CliImplicitFlag[bool] = Field(default=False, alias="json", description="for scripts")

    def cli_cmd(self) -> None:
        """Print what is in it; exit with 1 where there is an objection."""
        text = sys.stdin.read() if self.token == "-" else self.token
        if self.authenticator is not None:
            _print_json(_identified(self.authenticator, text))
            return
        finding = inspect(text, settings.load().destinations, now=time.time())
        if self.as_json:
            _print_json(
                {
                    "ok": not finding.objections,
                    "destination": finding.destination,
                    "page": finding.page,
                    "header": dict(finding.header),
                    "claims": dict(finding.claims),
                    "objections": list(finding.objections),
                }
            )
        else:
            _print_finding(finding)
        sys.exit(1 if finding.objections else 0)


class Demo(BaseModel):
    """Show the whole thing on loopback: a host application, the service and a marketplace."""

    host_port: int = Field(8080, ge=0, le=65535, description="where the host application listens")
    marketplace_port: int = Field(8090, ge=0, le=65535, description="where the marketplace listens")
    once: CliImplicitFlag[bool] = Field(
        default=False, description="sign on once, print what came, and end"
    )
    destinations: Path | None = Field(
        None, description="a destinations file whose rows are shown, too"
    )

    def cli_cmd(self) -> None:
        """Run until Ctrl-C."""
        from app.demo.run import run  # noqa: PLC0415 - nothing of the demo is loaded by the service

        ports = (self.host_port, self.marketplace_port)
        sys.exit(asyncio.run(run(*ports, once=self.once, destinations=self.destinations)))


class Reference(BaseModel):
    """Print a document that is made from the settings themselves."""

    document: CliPositionalArg[Literal["configuration", "example-env", "openapi"]] = Field(
        description="which document"
    )

    def cli_cmd(self) -> None:
        """Print it."""
        print(reference.DOCUMENTS[self.document](), end="")


class MarketplaceSso(BaseSettings):
    """Signs the users of a SaaS product into an embedded vendor marketplace."""

    model_config = SettingsConfigDict(
        cli_prog_name="marketplace-sso",
        cli_kebab_case=True,
        cli_enforce_required=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    serve: CliSubCommand[Serve] = Field(description="check the configuration, then serve")
    check: CliSubCommand[Check] = Field(description="check the configuration")
    mint: CliSubCommand[Mint] = Field(description="claims and address of a sample user")
    inspect: CliSubCommand[Inspect] = Field(description="decode and verify a token or an address")
    demo: CliSubCommand[Demo] = Field(description="the whole thing on loopback")
    reference: CliSubCommand[Reference] = Field(
        description="print a document made from the settings"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a variable is no command
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take commands from the command line only."""
        return (init_settings,)

    def cli_cmd(self) -> None:
        """Run the command that is named."""
        CliApp.run_subcommand(self)


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    Exit status 0: done; 1: the answer is no; 2: the words or the configuration are wrong.
    """
    try:
        CliApp.run(MarketplaceSso, cli_args=arguments)
    except InvalidSettings as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        count = len(error.problems)
        _fail(f"{count} problem{'s' * (count > 1)}: the service does not start", status=2)
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        words = wrong["msg"].replace("Input should", "should")
        _fail(f"{wrong['loc'][-1]} {words}", status=2)


def _gunicorn_configuration() -> Path:
    """Give gunicorn's configuration, beside the package in a checkout and inside it in a wheel."""
    package = Path(str(files("app")))
    beside = package.parent / "config" / "gunicorn.conf.py"
    return beside if beside.is_file() else package / "gunicorn.conf.py"


def _destination(config: settings.Settings, name: str, page: str | None) -> Destination:
    named = [each for each in config.destinations if each.name == name]
    found = [each for each in named if page in {None, each.page}]
    if not found:
        known = ", ".join(f"{each.name} --page {each.page}" for each in config.destinations)
        _fail(f"no such destination or page; there is {known}", status=2)
    return found[0]


def _identified(name: str, token: str) -> dict[str, Any]:
    authenticators = settings.load().authenticators
    if not hasattr(authenticators.get(name), "identify"):
        reading = [each for each, one in authenticators.items() if hasattr(one, "identify")]
        _fail(f"{name} reads no tokens; of those here {', '.join(reading) or 'none'} do", status=2)
    try:
        return asyncio.run(identified(authenticators[name], token.strip()))
    except SignOnError as error:
        _fail(f"{error.code}: {error}")


def _tried(config: settings.Settings) -> list[ProbeResult]:
    return asyncio.run(
        online.trials(
            dict.fromkeys(each.origin for each in config.destinations),
            config.authenticators,
            clock_skew_seconds=config.service.clock_skew_seconds,
        )
    )


def _print_finding(finding: Finding) -> None:
    print(f"header  {json.dumps(dict(finding.header))}")
    print(f"claims  {json.dumps(dict(finding.claims), indent=2)}")
    if finding.destination is not None:
        print(f"for     {finding.destination}, {finding.page}: the signature verifies")
    for objection in finding.objections:
        print(f"wrong   {objection}")


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, indent=2))


def _fail(message: str, *, status: int = 1) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
