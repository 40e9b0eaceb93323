"""Ask everything a configuration names: the vendors, what authenticators ask, and the clock."""

from __future__ import annotations

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from app.authenticators.contract import ProbeResult
from app.authenticators.http_client import HttpClient
from app.errors import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from app.authenticators.contract import Authenticator
    from app.authenticators.http_client import Answer

TIMEOUT_SECONDS: Final = 5
PROBE_SECONDS: Final = 15
MAX_BYTES: Final = 64 * 1024
CONNECTIONS: Final = 100
_DATE_SECONDS: Final = 2
"""A `Date` has whole seconds (RFC 9110, section 5.6.7) and takes a moment to arrive."""

_EGRESS: Final = (
    "let this machine reach it (DNS, firewall, certificates); sign-ons need it from the users' "
    "browsers only"
)


async def ask_everybody(
    origins: Iterable[str],
    authenticators: Mapping[str, Authenticator],
    *,
    clock_skew_seconds: int,
    now: Callable[[], float] = time.time,
) -> list[ProbeResult]:
    """Ask everybody at the same time. `origins` are the vendors'; `now` returns epoch seconds."""
    client = HttpClient(
        purpose="check",
        timeout_seconds=TIMEOUT_SECONDS,
        max_bytes=MAX_BYTES,
        connections=CONNECTIONS,
    )
    await client.start()
    try:
        vendors = asyncio.gather(*(_vendor(client, origin, now) for origin in origins))
        probes = asyncio.gather(*(_probe(name, each) for name, each in authenticators.items()))
        answers, probed = await vendors, await probes
    finally:
        await client.stop()
    offsets = [offset for _, offset in answers if offset is not None]
    return [
        *(result for result, _ in answers),
        *(result for found in probed for result in found),
        _clock(offsets, clock_skew_seconds),
    ]


async def _vendor(
    client: HttpClient, origin: str, now: Callable[[], float]
) -> tuple[ProbeResult, float | None]:
    what = f"vendor {origin}"
    try:
        answer = await client.ask("GET", f"{origin}/")
    except NoAnswer as error:
        return ProbeResult(what, str(error), _EGRESS), None
    offset = _seconds_ahead(answer, now())
    if answer.status >= 500:  # noqa: PLR2004 - a server error
        return ProbeResult(
            what, f"answers {answer.status}", "ask the vendor, or try again later"
        ), offset
    return ProbeResult(what, f"answers {answer.status}"), offset


async def _probe(name: str, authenticator: object) -> list[ProbeResult]:
    """Call the probe of an authenticator, if it has one; a plugin's may raise anything."""
    probe = getattr(authenticator, "probe", None)
    if probe is None:
        return [ProbeResult(f"authenticator {name}", "asks nobody")]
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            found = await probe()
    except Exception as error:  # noqa: BLE001 - the text may quote a secret: only the class is told
        wrong = f"its probe raised {type(error).__name__}"
        return [ProbeResult(f"authenticator {name}", wrong, "fix probe() of the authenticator")]
    return [
        ProbeResult(f"authenticator {name}: {each.what}", each.found, each.remedy) for each in found
    ]


def _seconds_ahead(answer: Answer, now: float) -> float | None:
    """Return how far our clock is ahead of an answer's; `None` where the answer has no date."""
    try:
        (date,) = answer.all(b"date")
        return now - parsedate_to_datetime(date.decode("ascii")).timestamp()
    except ValueError:
        return None


def _clock(offsets: list[float], clock_skew_seconds: int) -> ProbeResult:
    if not offsets:
        return ProbeResult("clock", "no answer had a date", "compare it by hand: timedatectl")
    ahead = min(offsets, key=abs)
    direction = "ahead of" if ahead > 0 else "behind"
    found = f"{abs(ahead):.0f} s {direction} a vendor's"
    if abs(ahead) <= clock_skew_seconds + _DATE_SECONDS:
        return ProbeResult("clock", found)
    remedy = "set it by NTP (timedatectl set-ntp true): tokens are refused as expired or too early"
    return ProbeResult("clock", found, remedy)
