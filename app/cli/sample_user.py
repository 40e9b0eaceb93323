"""The sample user of a command, and the token that the user would get."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from app.cli.output import fail
from app.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.destinations.destination import Destination
    from app.destinations.exchange import Issued


class SampleUser(BaseModel):
    """Options of a command that signs somebody on."""

    subject: str = Field("sample-user", description="the sample user's id")
    email: str | None = Field(None, description="e-mail address")
    name: str | None = Field(None, description="display name")
    given_name: str | None = Field(None, description="first name")
    family_name: str | None = Field(None, description="last name")
    org_id: str | None = Field(None, description="id of the organisation")
    org_name: str | None = Field(None, description="name of the organisation")
    group: list[str] = Field([], description="a group; repeat the option for more")
    claim: list[str] = Field([], description="a claim of the host session, name=value")

    def identity(self) -> Identity:
        """Return who it is.

        Raises:
            InvalidIdentity: nobody can have such an id or address.
        """
        return Identity(
            subject=self.subject,
            email=self.email,
            name=self.name,
            given_name=self.given_name,
            family_name=self.family_name,
            org_id=self.org_id,
            org_name=self.org_name,
            groups=tuple(self.group),
            claims=dict(self._claims()),
        )

    def _claims(self) -> list[tuple[str, str]]:
        found = pairs("claim", self.claim)
        names = [name for name, _ in found]
        if repeated := [name for name in names if names.count(name) > 1]:
            fail(f"--claim {repeated[0]} is given twice; keep one of them", status=2)
        return found


def pairs(option: str, texts: list[str]) -> list[tuple[str, str]]:
    """Split the values of an option that are `name=value`."""
    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            fail(f"--{option} {text!r} is not name=value", status=2)
        found.append((name, value))
    return found


async def issued(
    destination: Destination,
    identity: Identity,
    ids: Mapping[str, str],
    parameters: Mapping[str, str],
) -> tuple[dict[str, Any], Issued]:
    """Return the claims and the token; the vendor's API is asked, where a row has an exchange.

    Raises:
        MissingClaim: the user lacks what the vendor requires.
        VendorUnavailable: its API gave no token.
    """
    statement = destination.statement(identity, ids, parameters)
    if destination.exchange is None:
        return statement.claims, await destination.issue(statement)
    await destination.exchange.start()
    try:
        return statement.claims, await destination.issue(statement)
    finally:
        await destination.exchange.stop()
