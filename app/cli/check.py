"""`marketplace-sso check`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from typing import Final

from pydantic import Field
from pydantic_settings import CliImplicitFlag

from app.authenticators.contract import ProbeResult
from app.cli.check_online import ask_everybody
from app.cli.check_page import page, service_advice, service_facts
from app.cli.check_sign_on import open_pages
from app.cli.output import Colour, coloured, fail, print_json
from app.cli.sample_user import SampleUser
from app.destinations.advice import advice
from app.identity import Identity, InvalidIdentity
from app.main import Configuration
from app.server.loading import load
from app.settings.problems import InvalidSettings

WORKS: Final[tuple[str, Colour]] = ("works", "green")
FAILS: Final[tuple[str, Colour]] = ("FAILS", "red")


class Check(SampleUser):
    """Check the configuration; without --online it needs no network.

    The options of a user are those of --sign-on.
    """

    online: CliImplicitFlag[bool] = Field(
        default=False, description="also ask the vendors, what authenticators ask, and the clock"
    )
    sign_on: CliImplicitFlag[bool] = Field(
        default=False,
        description="with --online: also open the vendors' pages with the token of a sample user, "
        "whom a vendor may then create",
    )
    as_json: CliImplicitFlag[bool] = Field(
        default=False, alias="json", description="for scripts: problems or parts as JSON"
    )

    def cli_cmd(self) -> None:
        """Print every problem, or what is configured; exit with 0, 1 or 2."""
        if self.sign_on and not self.online:
            fail("--sign-on asks the vendors: add --online", status=2)
        try:
            config = load()
        except InvalidSettings as error:
            if not self.as_json:
                raise
            problems = [{"variable": each.variable, "wrong": each.wrong} for each in error.problems]
            print_json({"ok": False, "problems": problems})
            sys.exit(2)
        results = self._asked(config) if self.online else []
        if self.as_json:
            _print_as_json(config, results)
        else:
            _print_for_people(config, results)
        sys.exit(0 if _all_ok(results) else 1)

    def _asked(self, config: Configuration) -> list[ProbeResult]:
        service = config.service
        vendors = dict.fromkeys(each.origin for each in config.destinations)
        skew = service.clock_skew_seconds
        results = asyncio.run(
            ask_everybody(vendors, config.authenticators, clock_skew_seconds=skew)
        )
        if self.sign_on:
            user = self._user()
            results += asyncio.run(open_pages(config.destinations, user, service.host_origins))
        return results

    def _user(self) -> Identity:
        try:
            return self.identity()
        except InvalidIdentity as error:
            fail(str(error), status=2)


def _warnings(config: Configuration) -> list[str]:
    """Return what is legal and likely wrong; an authenticator may have `warnings`."""
    warnings = [
        f"authenticator {name}: {warning}"
        for name, each in config.authenticators.items()
        for warning in getattr(each, "warnings", ())
    ]
    return [*warnings, *advice(config.destinations), *service_advice(config)]


def _all_ok(results: list[ProbeResult]) -> bool:
    return all(result.ok for result in results)


def _print_as_json(config: Configuration, results: list[ProbeResult]) -> None:
    found = {
        "ok": _all_ok(results),
        "authenticators": list(config.authenticators),
        "destinations": {each.route: each.address for each in config.destinations},
        "service": service_facts(config),
        "warnings": _warnings(config),
    }
    online = {"online": [asdict(each) for each in results]} if results else {}
    print_json({**found, **online})


def _print_for_people(config: Configuration, results: list[ProbeResult]) -> None:
    for line in page(config):
        print(line)
    for warning in _warnings(config):
        label = coloured(f"{'warning':<15}", "yellow")
        print(f"{label} {warning}")
    for result in results:
        word, colour = WORKS if result.ok else FAILS
        label = coloured(f"{word:<15}", colour)
        print(f"{label} {result.what}: {result.found}")
        if not result.ok:
            print(f"{'':<15} {result.remedy}")
    if _all_ok(results):
        print(coloured("The configuration holds.", "green"))
    else:
        print(coloured("The configuration holds, but not everything that it names works.", "red"))
