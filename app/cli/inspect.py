"""`marketplace-sso inspect`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from pydantic import BaseModel, Field
from pydantic_settings import CliImplicitFlag, CliPositionalArg

from app.cli.inspect_token import Finding, identified, inspect
from app.cli.output import coloured, fail, print_json, read_standard_input
from app.cli.pasted import token_of
from app.errors import SignOnError
from app.server.loading import load


class Inspect(BaseModel):
    """Decode a token or an address, verify it, and say what the vendor would object to."""

    token: CliPositionalArg[str] = Field(
        "-",
        description="a token, or what has one in it: an address, a header, a command; "
        "- reads standard input",
    )
    authenticator: str | None = Field(
        None, description="print the identity this authenticator reads from the token, or why not"
    )
    as_json: CliImplicitFlag[bool] = Field(default=False, alias="json", description="for scripts")

    def cli_cmd(self) -> None:
        """Print what the token says; exit with 1 where there is an objection."""
        text = read_standard_input() if self.token == "-" else self.token
        if self.authenticator is not None:
            print_json(_identified(self.authenticator, text))
            return
        finding = inspect(text, load(with_authenticators=False).destinations, now=time.time())
        if self.as_json:
            print_json({"ok": not finding.objections, **finding.members()})
        else:
            _print_finding(finding)
        sys.exit(1 if finding.objections else 0)


def _identified(name: str, token: str) -> dict[str, Any]:
    authenticators = load().authenticators
    if not hasattr(authenticators.get(name), "identify"):
        reading = [each for each, one in authenticators.items() if hasattr(one, "identify")]
        fail(f"{name} reads no tokens; those that do: {', '.join(reading) or 'none'}", status=2)
    try:
        return asyncio.run(identified(authenticators[name], token_of(token)))
    except SignOnError as error:
        fail(f"{error.code}: {error}")


def _print_finding(finding: Finding) -> None:
    print(f"header  {json.dumps(dict(finding.header))}")
    print(f"claims  {json.dumps(dict(finding.claims), indent=2)}")
    if finding.destination is not None:
        print(f"for     {finding.destination}, {finding.page}: the signature verifies")
    for objection in finding.objections:
        print(f"{coloured('wrong', 'red')}   {objection}")
