"""`marketplace-sso mint`."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

from pydantic import Field
from pydantic_settings import CliImplicitFlag, CliPositionalArg

from app.cli.output import fail, print_json
from app.cli.sample_user import SampleUser, issued, pairs
from app.destinations.destination import Destination
from app.destinations.handoff import Handoff
from app.errors import SignOnError
from app.identity import InvalidIdentity
from app.main import Configuration
from app.server.loading import load
from app.tokens.jws import InvalidToken, read


class Mint(SampleUser):
    """Show the claims and the address that a sample user would get."""

    destination: CliPositionalArg[str] = Field(description="pandium, apifuse, ...")
    page: str | None = Field(None, description="one of its pages, like install; default: the first")
    subject: str = Field(description="the sample user's id")
    parameter: list[str] = Field(
        [], description="a query parameter of the request, name=value; repeat the option for more"
    )
    integration_id: str | None = Field(None, description="the id in an install page's path")
    listing_id: str | None = Field(None, description="the id in a listing page's path")
    as_json: CliImplicitFlag[bool] = Field(default=False, alias="json", description="for scripts")

    def cli_cmd(self) -> None:
        """Mint with the configured key and print the result."""
        config = load(with_authenticators=False)
        destination = _destination(config, self.destination, self.page)
        _check_ids_are_of(
            destination, integration_id=self.integration_id, listing_id=self.listing_id
        )
        ids = {name: getattr(self, name, None) or "" for name in destination.ids}
        try:
            destination.check_ids(ids)
            parameters = _parameters(destination, self.parameter)
            claims, token = asyncio.run(issued(destination, self.identity(), ids, parameters))
            handoff = destination.handoff(token, ids, parameters)
        except SignOnError as error:
            fail(str(error))
        except InvalidIdentity as error:
            fail(str(error), status=2)
        minted = {"header": _header(token.token), "claims": claims}
        if self.as_json:
            delivered = {"delivery": handoff.delivery, "url": handoff.url}
            print_json({**minted, "token": token.token, **delivered, **_carried(handoff)})
        else:
            print(f"header  {json.dumps(minted['header'])}")
            print(f"claims  {json.dumps(claims, indent=2)}")
            _print_delivery(handoff)


def _check_ids_are_of(destination: Destination, **given: str | None) -> None:
    """End where an id is given that the page does not have, or lacks one that it has."""
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        page = f"{destination.name} --page {destination.page}"
        if value is not None and name not in destination.ids:
            fail(f"{page} has no {option}; name the page that has, like --page install", status=2)
        if value is None and name in destination.ids:
            fail(f"{page} needs {option}", status=2)


def _parameters(destination: Destination, texts: list[str]) -> dict[str, str]:
    """Return the parameters as a request would have them; one that is dropped is an error here.

    Raises:
        InvalidParameter: one is repeated or invalid.
    """
    found = pairs("parameter", texts)
    for name, _ in found:
        if name not in destination.parameters:
            known = ", ".join(destination.parameters) or "none"
            fail(f"--parameter {name} is dropped by this page; it takes {known}", status=2)
    return destination.checked_parameters(urlencode(found))


def _carried(handoff: Handoff) -> dict[str, Any]:
    """Return what goes to the vendor beside the address, or to the script that asked."""
    if handoff.delivery == "redirect":
        return {}
    if handoff.answer is not None:
        return {"answer": dict(handoff.answer)}
    return {"fields": dict(handoff.fields)}


def _print_delivery(handoff: Handoff) -> None:
    if handoff.delivery == "form":
        print("deliver the browser posts the fields to the address (POST, as a form)")
    elif handoff.delivery == "json":
        print("deliver a script gets it as JSON, and nothing is sent to the address")
    print(f"address {handoff.url}")
    if handoff.answer is not None:
        print(f"answer  {json.dumps(dict(handoff.answer), indent=2)}")
        return
    for name, value in handoff.fields.items():
        print(f"field   {name}={value}")


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
