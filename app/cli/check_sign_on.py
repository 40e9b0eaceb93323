"""Open the vendors' pages with the token of a sample user, as a browser without cookies does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode, urljoin

from app.authenticators.contract import ProbeResult
from app.authenticators.http_client import HttpClient
from app.cli.frame_policy import refusing
from app.cli.sample_user import issued
from app.errors import NoAnswer, SignOnError
from app.settings.addresses import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.authenticators.http_client import Answer
    from app.destinations.destination import Destination
    from app.destinations.exchange import Issued
    from app.destinations.handoff import Handoff
    from app.identity import Identity

TIMEOUT_SECONDS: Final = 10
MAX_BYTES: Final = 1 << 20
CONNECTIONS: Final = 10
_MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = range(300, 400)
_REFUSALS: Final = range(400, 500)
_NAVIGATION: Final = {"Accept": "text/html"}
_FORM: Final = {**_NAVIGATION, "Content-Type": "application/x-www-form-urlencoded"}
_REACH: Final = "let this machine reach it, or open the page in a browser"
_LACKS: Final = "give the sample user what is missing, such as --email, --org-id or --claim"
_REFUSED: Final = (
    "compare the key and the account with the vendor's; marketplace-sso mint prints the claims; "
    "some vendors want a user or an organisation that they know: --subject, --email, --org-id"
)


class _Seen(NamedTuple):
    """A page's last answer, and its address without the query, which has the token."""

    answer: Answer
    page: str

    @property
    def words(self) -> str:
        """Return what is told of it."""
        status = self.answer.status
        return f"{status} at {self.page}" if status in _REDIRECTS else str(status)


async def open_pages(
    destinations: Iterable[Destination], user: Identity, host_origins: tuple[str, ...]
) -> list[ProbeResult]:
    """Open each page that needs no id, and the first offered integration of one that does.

    Twice: the second time the token's signature is not the vendor's. A page that answers both in
    the same way reads the token in the browser only.
    """
    client = HttpClient(
        purpose="check",
        timeout_seconds=TIMEOUT_SECONDS,
        max_bytes=MAX_BYTES,
        connections=CONNECTIONS,
    )
    await client.start()
    try:
        found = await asyncio.gather(
            *(_open(client, each, user, host_origins) for each in destinations)
        )
    finally:
        await client.stop()
    return [result for results in found for result in results]


async def _open(
    client: HttpClient, destination: Destination, user: Identity, host_origins: tuple[str, ...]
) -> list[ProbeResult]:
    what = f"sign-on {destination.name} {destination.page}"
    ids = {name: next(iter(sorted(destination.offered or ())), "") for name in destination.ids}
    if not all(ids.values()):
        return [ProbeResult(what, "not opened: its path has an id that nobody has listed")]
    try:
        _, token = await issued(destination, user, ids, {})
        real, forged = (
            destination.handoff(each, ids, {}) for each in (token, _with_another_signature(token))
        )
        if real.delivery == "json":
            return [ProbeResult(what, "a token is made; a script takes it, and no page is opened")]
        if _request(real) == _request(forged):
            browser = "a token is made; only a browser reads its fragment"
            once = "an address is given; it may work once, and is not opened"
            return [ProbeResult(what, browser if token.location is None else once)]
        accepted = await _visit(client, real)
        refused = await _visit(client, forged)
    except NoAnswer as error:
        return [ProbeResult(what, str(error), _REACH)]
    except SignOnError as error:
        return [ProbeResult(what, str(error), _LACKS)]
    return [_verdict(what, accepted, refused), *_frames(destination, accepted, host_origins)]


def _verdict(what: str, accepted: _Seen, refused: _Seen) -> ProbeResult:
    status = accepted.answer.status
    if status >= _REFUSALS.stop:
        return ProbeResult(what, f"answers {accepted.words}", "ask the vendor, or try again later")
    if status in _REFUSALS:
        return ProbeResult(what, f"the token is refused: {accepted.words}", _REFUSED)
    if accepted.words == refused.words:
        found = f"answers {accepted.words}, to a forged token too: only a browser can tell"
        return ProbeResult(what, found)
    return ProbeResult(
        what, f"the token is accepted: {accepted.words}; a forged one is not: {refused.words}"
    )


def _frames(
    destination: Destination, seen: _Seen, host_origins: tuple[str, ...]
) -> list[ProbeResult]:
    results = []
    for origin in host_origins:
        what = f"frame {destination.name} {destination.page} in {origin}"
        if seen.answer.status in _REDIRECTS:
            results.append(ProbeResult(what, "not known: the page after the redirect decides"))
            continue
        policy = refusing(seen.answer, seen.page, origin)
        remedy = (
            f"ask the vendor's support to allow {origin}, or open it by a link" if policy else None
        )
        results.append(ProbeResult(what, policy or "allowed", remedy))
    return results


async def _visit(client: HttpClient, handoff: Handoff) -> _Seen:
    """Go where the browser goes, and on where it is sent within the vendor's origin."""
    method, address, body = _request(handoff)
    answer = await client.ask(method, address, _FORM if body else _NAVIGATION, body=body)
    for _ in range(_MAX_REDIRECTS):
        following = _next(answer, address)
        if following is None:
            break
        address = following
        answer = await client.ask("GET", address, _NAVIGATION)
    return _Seen(answer, address.partition("?")[0])


def _request(handoff: Handoff) -> tuple[str, str, bytes | None]:
    """Return method, address and body; a browser sends no fragment."""
    address = handoff.url.partition("#")[0]
    if handoff.delivery == "form":
        return "POST", address, urlencode(handoff.fields).encode()
    return "GET", address, None


def _next(answer: Answer, address: str) -> str | None:
    """Return where a redirect leads on the same origin; `None` anywhere else."""
    locations = answer.all(b"location")
    if answer.status not in _REDIRECTS or len(locations) != 1:
        return None
    try:
        following = urljoin(address, locations[0].decode("latin-1")).partition("#")[0]
        is_inside = origin_of(following) == origin_of(address)
    except (ValueError, KeyError):  # no address, or one of another scheme
        return None
    return following if is_inside else None


def _with_another_signature(token: Issued) -> Issued:
    """Change what a token ends with: its signature, if it is a JWT."""
    text = token.token
    middle = len(text) - min(10, len(text))
    return replace(
        token, token=f"{text[:middle]}{'A' if text[middle] != 'A' else 'B'}{text[middle + 1 :]}"
    )
