"""`marketplace-sso learn`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic_settings import CliPositionalArg

from app.claims import MISSING, compile_template
from app.cli.learn_row import Learnt, NothingLearnt, learnt
from app.cli.output import fail, read_standard_input
from app.destinations.token_claims import TEMPLATE_NAMES, TokenClaims
from app.errors import MissingClaim
from app.identity import Identity, InvalidIdentity


class Learn(BaseModel):
    """Print the row that would make a sample token; nothing is sent to anybody."""

    sample: CliPositionalArg[str] = Field(
        "-", description="a token, an address that carries one, or both; - reads standard input"
    )
    name: str = Field(
        "vendor", pattern=r"^[a-z][a-z0-9-]{0,62}$", description="name of the row, like acme"
    )
    against: Literal["mint"] | None = Field(
        None, description="mint: compare each claim with what the row mints for the sample's user"
    )

    def cli_cmd(self) -> None:
        """Print the row, or the comparison; exit with 1 where there is nothing to learn."""
        text = read_standard_input() if self.sample == "-" else self.sample
        try:
            found = learnt(text, self.name)
        except NothingLearnt as error:
            fail(str(error))
        if self.against is None:
            print(found.text())
            return
        for line in _comparison(found):
            print(line)


def _comparison(found: Learnt) -> Iterable[str]:
    """Return a line for each claim: of the sample, and as the row mints it."""
    minted, sample = _minted(found), dict(found.sample.claims)
    width = max(len(name) for name in {*minted, *sample, "claim"})
    yield f"{'claim':<{width}}  same  sample -> minted"
    for name in {**sample, **minted}:
        was, now = sample.get(name, MISSING), minted.get(name, MISSING)
        same = "yes" if was == now else "no"
        yield f"{name:<{width}}  {same:<4}  {_written(was)} -> {_written(now)}"


def _minted(found: Learnt) -> dict[str, Any]:
    claims = TokenClaims(
        template=compile_template(found.row["claims"], TEMPLATE_NAMES),
        lifetime_seconds=found.row.get("lifetime_seconds"),
    )
    try:
        identity = Identity(**_user(found.guesses.identity))
        return claims.filled(claims.values_for(identity), ends_at=None)
    except (InvalidIdentity, MissingClaim) as error:
        fail(f"the sample's user cannot sign on: {error}")


def _user(fields: Mapping[str, Any]) -> dict[str, Any]:
    groups = tuple(str(each) for each in fields.get("groups", ()))
    return {"subject": "sample", **fields, "groups": groups}


def _written(value: object) -> str:
    return "(none)" if value is MISSING else json.dumps(value)
