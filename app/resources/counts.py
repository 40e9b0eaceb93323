"""What is counted of each answer, and what stands at 0 before the first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import Cause, InvalidCredential, NoSession
from app.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.destinations.destination import Destination
    from app.resources.request import Refusal


def announce(destinations: Iterable[Destination], codes: Iterable[str]) -> None:
    """Let every counter start at 0, so that the first event is an increase.

    `codes` are those that a request can be refused with.
    """
    known = tuple(codes)
    for each in destinations:
        for outcome in metrics.OUTCOMES:
            metrics.session_checks(each.name, outcome)
            for code in known if outcome == "refused" else ("",):
                metrics.sign_ons(each.name, each.page, outcome, code)
        metrics.sign_on_seconds(each.name, each.page)
        if each.exchange is not None:
            for outcome in ("good", "failed"):
                metrics.EXCHANGES.labels(each.exchange.destination, outcome)
    for code in known:
        for cause in _causes(code):
            metrics.refusals(code, cause)


def _causes(code: str) -> tuple[Cause, ...]:
    """Return what a refusal with this code is counted under."""
    if code == NoSession.code:
        return (Cause.OTHER, Cause.UNTRUSTED_PEER)
    if code == InvalidCredential.code:
        return tuple(cause for cause in Cause if cause is not Cause.UNTRUSTED_PEER)
    return (Cause.OTHER,)


def count(
    destination: Destination,
    outcome: str,
    refusal: Refusal | None,
    *,
    seconds: float,
    signs_on: bool,
) -> None:
    """Count an answer of a vendor's page: a sign-on, or a session check."""
    if refusal is not None:
        metrics.refusals(refusal.code, refusal.cause).inc()
    if signs_on:
        code = "" if refusal is None else refusal.code
        metrics.sign_ons(destination.name, destination.page, outcome, code).inc()
        metrics.sign_on_seconds(destination.name, destination.page).observe(seconds)
    else:
        metrics.session_checks(destination.name, outcome).inc()
