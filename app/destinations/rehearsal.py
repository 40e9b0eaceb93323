"""Mint every page once when the configuration is read: what can fail then is no surprise later."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from app.destinations.destination import Destination, Statement
from app.destinations.exchange import Issued
from app.destinations.token_claims import TOKEN_NAMES
from app.errors import LocationTooLong, MissingClaim, VendorUnavailable
from app.identity import Identity


class _Everything(dict[str, Any]):
    """Claims of a host session that has every one."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, _name: str) -> int:
        return 1  # a number is text where text is wanted, and a time where that is


_YEAR_9999: Final = 253_402_300_799
SAMPLE: Final = Identity(
    subject="sample",
    issuer="https://login.example",
    email="sample@example.com",
    email_verified=True,
    name="Sample User",
    given_name="Sample",
    family_name="User",
    org_id="sample-org",
    org_name="Sample Organisation",
    groups=("sample",),
    expires_at=_YEAR_9999,
    claims=_Everything(),
)
"""A user who has everything that a template can ask for."""

_NOBODY: Final = Identity(subject="nobody")


class CannotBeMinted(ValueError):
    """A page that would refuse every user."""


class AddressTooLong(CannotBeMinted):
    """A page whose address is too long for `SAMPLE`; for another user it may be shorter."""


def rehearse(destination: Destination) -> None:
    """Mint a token for `SAMPLE`, and make its address.

    Raises:
        CannotBeMinted: and why.
    """
    parameters = dict.fromkeys(destination.parameters, "1")
    for ids in _sample_ids(destination):
        try:
            statement = _statement(destination, ids, parameters)
            issued = Issued(destination.sign(statement.claims), answer=_Everything())
            if destination.exchange is not None:
                destination.question(statement, destination.exchange)
            destination.handoff(issued, ids, parameters)
        except MissingClaim as error:
            wrong = f"never gives {error.claim}, which is required; add a template for it"
            raise CannotBeMinted(wrong) from None
        except VendorUnavailable as error:
            raise CannotBeMinted(f"cannot ask its vendor: {error}") from None
        except LocationTooLong as error:
            raise AddressTooLong(f"makes an address that is too long: {error}") from None
        except (ArithmeticError, TypeError, ValueError) as error:
            raise CannotBeMinted(f"cannot be minted: {type(error).__name__}") from None


def sample_claims(destination: Destination) -> dict[str, Any]:
    """Return what a token for `SAMPLE` says, of a page that has been rehearsed."""
    ids = next(iter(_sample_ids(destination)))
    return _statement(destination, ids, dict.fromkeys(destination.parameters, "1")).claims


def is_personal(destination: Destination) -> bool:
    """Tell whether the tokens of two users differ in more than their times and ids."""
    ids = next(iter(_sample_ids(destination)))
    parameters = dict.fromkeys(destination.parameters, "1")
    told = []
    for identity, maps in ((SAMPLE, _Everything()), (_NOBODY, {})):
        values = destination.claims.values_for(identity, ids, parameters)
        values |= {"map": maps, **dict.fromkeys(TOKEN_NAMES, 0)}
        try:
            told.append(destination.claims.filled(values, ends_at=None))
        except MissingClaim:
            return True
    return told[0] != told[1]


def _statement(
    destination: Destination, ids: dict[str, str], parameters: dict[str, str]
) -> Statement:
    values = destination.claims.values_for(SAMPLE, ids, parameters)
    values["map"] = _Everything()
    return Statement(destination.claims.filled(values, ends_at=_YEAR_9999), values)


def _sample_ids(destination: Destination) -> Iterable[dict[str, str]]:
    """Return ids for each integration that is offered, or once."""
    for sample in destination.offered or ("1",):
        yield dict.fromkeys(destination.ids, sample)
