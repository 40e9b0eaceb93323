"""Read a token as its vendor would, and collect what the vendor would object to."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from app.claims import MISSING, find
from app.cli.pasted import joined, token_of
from app.destinations.rehearsal import sample_claims
from app.tokens.jws import InvalidToken, read, verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from app.destinations.destination import Destination

_TIMES = ("iat", "nbf", "exp")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a token says, whose key verifies it, and what its vendor would object to."""

    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    destination: str | None = None
    page: str | None = None
    objections: tuple[str, ...] = ()

    def members(self) -> dict[str, Any]:
        """Return the finding as JSON members."""
        return {
            "destination": self.destination,
            "page": self.page,
            "header": dict(self.header),
            "claims": dict(self.claims),
            "objections": list(self.objections),
        }


def inspect(text: str, destinations: Iterable[Destination], *, now: float) -> Finding:
    """Read a token, or an address that carries one, as the vendors do.

    `now` is in epoch seconds. Raises nothing: whatever is wrong is an objection.
    """
    known = tuple(destinations)
    token = _token(joined(text), {each.target.token_parameter for each in known})
    try:
        parts = read(token)
    except InvalidToken as error:
        return Finding(objections=(str(error),))
    signed = [destination for destination in known if _is_signed(token, destination)]
    if not signed:
        reason = "no configured key verifies it: it has another secret or algorithm, or was changed"
        return Finding(parts.header, parts.claims, objections=(reason, *_times(parts.claims, now)))
    destination = _closest(signed, parts.claims)
    objections = (
        *_times(parts.claims, now),
        *_missing(parts.claims, destination.claims.required),
        *_without_a_time(parts.claims, destination),
    )
    return Finding(parts.header, parts.claims, destination.name, destination.page, objections)


async def identified(authenticator: Any, token: str) -> dict[str, Any]:  # noqa: ANN401 - one that reads tokens
    """Return the identity that an authenticator reads from a token, as JSON members.

    `from` has the claim that each of them came from.

    Raises:
        SignOnError: the token does not hold, and why.
    """
    await authenticator.start()
    try:
        identity = await authenticator.identify(token.encode())
        sources = getattr(authenticator, "sources", None)
        return {**asdict(identity), "from": dict(sources(identity)) if sources else {}}
    finally:
        await authenticator.stop()


def _token(text: str, parameters: set[str | None]) -> str:
    """Return the token of a known parameter, or else whichever there is."""
    query = parse_qsl(text.partition("?")[2].partition("#")[0]) if "://" in text else []
    return next((value for name, value in query if name in parameters), token_of(text))


def _is_signed(token: str, destination: Destination) -> bool:
    try:
        verify(token, destination.key)
    except InvalidToken:
        return False
    return True


def _closest(signed: list[Destination], claims: Mapping[str, Any]) -> Destination:
    """Return the page whose required claims fit best: pages of a vendor share their key."""
    fitting = [each for each in signed if not any(_missing(claims, each.claims.required))]
    return max(fitting, key=lambda each: len(each.claims.required), default=signed[0])


def _missing(claims: Mapping[str, Any], required: Iterable[str]) -> Iterable[str]:
    for name in required:
        value = find(claims, name)
        if value is MISSING:
            yield f"{name} is missing"
        elif not isinstance(value, str) or not value:
            yield f"{name} is not a string, or is empty"


def _times(claims: Mapping[str, Any], now: float) -> Iterable[str]:
    for name in _TIMES:
        value = claims.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            yield f"{name} is not a whole number of seconds"
        elif name == "exp" and value <= now:
            yield f"it expired {math.floor(now - value) + 1} s ago (exp)"
        elif name != "exp" and value > now:
            yield f"it is not valid for another {math.ceil(value - now)} s ({name})"


def _without_a_time(claims: Mapping[str, Any], destination: Destination) -> Iterable[str]:
    """Find times that every token of a page has, and this one lacks."""
    minted = sample_claims(destination)
    for name in _TIMES:
        if name in minted and claims.get(name) is None and name not in destination.claims.required:
            yield f"{name} is missing"
