"""`marketplace-sso mint`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pydantic import BaseModel, Field
from pydantic_settings import CliImplicitFlag, CliPositionalArg

from app.cli.output import fail, print_json
from app.destinations.destination import Destination
from app.destinations.exchange import Issued
from app.errors import SignOnError
from app.identity import Identity, InvalidIdentity
from app.main import Configuration
from app.server.loading import load
from app.tokens.jws import InvalidToken, read


class Mint(BaseModel):
    """Show the claims and the address that a sample user would get."""

    destination: CliPositionalArg[str] = Field(description="pandium, apifuse, ...")
    page: str | None = Field(None, description="one of its pages, like install; default: the first")
    subject: str = Field(description="the sample user's id")
    email: str | None = Field(None, description="e-mail address")
    name: str | None = Field(None, description="display name")
    given_name: str | None = Field(None, description="first name")
    family_name: str | None = Field(None, description="last name")
    org_id: str | None = Field(None, description="id of the organisation")
    org_name: str | None = Field(None, description="name of the organisation")
    group: list[str] = Field([], description="a group; repeat the option for more")
    claim: list[str] = Field([], description="a claim of the host session, name=value")
    integration_id: str | None = Field(None, description="the id in an install page's path")
    listing_id: str | None = Field(None, description="the id in a listing page's path")
    as_json: CliImplicitFlag[bool] = Field(default=False, alias="json", description="for scripts")

    def cli_cmd(self) -> None:
        """Mint with the configured key and print the result."""
        destination = _destination(load(), self.destination, self.page)
        ids = {name: getattr(self, name, None) or "" for name in destination.ids}
        try:
            destination.check_ids(ids)
            claims, issued = asyncio.run(_issued(destination, self._identity(), ids))
            handoff = destination.handoff(issued, ids, {})
        except (SignOnError, InvalidIdentity) as error:
            fail(str(error))
        header = _header(issued.token)
        if self.as_json:
            minted = {"header": header, "claims": claims, "token": issued.token}
            print_json({**minted, "url": handoff.url})
        else:
            print(f"header  {json.dumps(header)}")
            print(f"claims  {json.dumps(claims, indent=2)}")
            print(f"address {handoff.url}")
            for name, value in handoff.fields.items():
                print(f"field   {name}={value}")

    def _identity(self) -> Identity:
        claims = {}
        for claim in self.claim:
            name, equals, value = claim.partition("=")
            if not equals:
                fail(f"--claim {claim!r} is not name=value")
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


async def _issued(
    destination: Destination, identity: Identity, ids: dict[str, str]
) -> tuple[dict[str, Any], Issued]:
    """Return the claims and the token; the vendor's API is asked, where a row has an exchange."""
    statement = destination.statement(identity, ids)
    if destination.exchange is None:
        return statement.claims, await destination.issue(statement)
    await destination.exchange.start()
    try:
        return statement.claims, await destination.issue(statement)
    finally:
        await destination.exchange.stop()


def _header(token: str) -> dict[str, Any]:
    try:
        return dict(read(token).header)
    except InvalidToken:  # of a vendor's API, and of any form
        return {}


def _destination(config: Configuration, name: str, page: str | None) -> Destination:
    named = [each for each in config.destinations if each.name == name]
    found = [each for each in named if page in {None, each.page}]
    if not found:
        known = ", ".join(f"{each.name} --page {each.page}" for each in config.destinations)
        fail(f"no such destination or page; configured are {known}", status=2)
    return found[0]
