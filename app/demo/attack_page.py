"""The page that tries every way in against the running service, and shows what came of it."""

from collections.abc import Iterable, Mapping

from aiohttp import ClientError, ClientSession, TCPConnector, web
from yarl import URL

from app.demo.answers import Answer
from app.demo.attacks import ATTEMPTS, FORGERIES, Attempt
from app.demo.rendering import Markup, fill, host_page, joined
from app.demo.sessions import COOKIE, id_of

NOT_TRIED = "This machine has no further loopback address: not tried."
SHOWN_OF_A_TOKEN = 24  # characters; the rest proves nothing to a reader


class AttackPage:
    """The attempts at `service` through `host` and past it, and at `marketplace`; all origins."""

    def __init__(
        self, *, host: str, service: str, marketplace: str, foreign: str, client: ClientSession
    ) -> None:
        self._host = host
        self._service = service
        self._marketplace = marketplace
        self._foreign = foreign
        self._client = client

    async def show(self, request: web.Request) -> web.Response:
        """Try everything, with the session of whoever asks where an attempt needs one."""
        session = {"Cookie": f"{COOKIE}={id_of(request)}"}
        cards = [await self._tried(attempt, session) for attempt in ATTEMPTS]
        cards += await self._forged(session)
        through = sum("came-through" in card for card in cards)
        outcome = f"{through} of {len(cards)} came through." if through else "All of them failed."
        return host_page(
            "attacks.html",
            self._marketplace,
            outcome=outcome,
            count=str(len(cards)),
            cards=joined(cards),
            foreign=self._foreign,
        )

    async def _tried(self, attempt: Attempt, session: Mapping[str, str]) -> Markup:
        sent = [*attempt.headers, *(session.items() if attempt.signed_in else ())]
        origin = self._service if attempt.straight else self._host
        asked = _asked(attempt.method, origin + attempt.path, attempt.headers)
        if attempt.signed_in:
            asked += "\nCookie: the session of whoever is signed in"
        if attempt.source:
            asked += f"\n(sent from {attempt.source})"
        try:
            answer = await self._answer(attempt, origin, sent)
        except ClientError:  # no such address on this machine
            return _card(attempt.title, attempt.stopped_by, asked, NOT_TRIED, came_through=False)
        through = attempt.came_through(answer, self._marketplace)
        return _card(attempt.title, attempt.stopped_by, asked, _told(answer), came_through=through)

    async def _answer(
        self, attempt: Attempt, origin: str, headers: Iterable[tuple[str, str]]
    ) -> Answer:
        if not attempt.source:
            return await _ask(self._client, attempt.method, origin + attempt.path, headers)
        connector = TCPConnector(local_addr=(attempt.source, 0))
        async with ClientSession(connector=connector) as client:
            return await _ask(client, attempt.method, origin + attempt.path, headers)

    async def _forged(self, session: Mapping[str, str]) -> list[Markup]:
        """Forge tokens from the visitor's own one, and visit the marketplace with them."""
        headers = {**session, "Accept": "text/html"}
        own = await _ask(self._client, "GET", f"{self._host}/pandium-sso", headers.items())
        cards = []
        for title, stopped_by, page, forged in FORGERIES if own.token else ():
            address = self._marketplace + page + forged(own.token)
            url = URL(address, encoded=True)
            async with self._client.get(url, headers={"Accept": "application/json"}) as answer:
                verdict = await answer.json()
                told = f"{answer.status} {verdict['refusal']}"
            asked = _asked("GET", _short(address), ())
            through = verdict["state"] == "verified"
            cards.append(_card(title, stopped_by, asked, told, came_through=through))
        return cards


async def _ask(
    client: ClientSession, method: str, address: str, headers: Iterable[tuple[str, str]]
) -> Answer:
    url = URL(address, encoded=True)
    async with client.request(method, url, headers=list(headers), allow_redirects=False) as answer:
        return Answer.of(answer.status, answer.headers, await answer.read())


def _asked(method: str, address: str, headers: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"{method} {address}", *(f"{name}: {value}" for name, value in headers)])


def _told(answer: Answer) -> str:
    """Return an answer in words: its status, where it leads, and why it refused."""
    lines = [str(answer.status)]
    if answer.location:
        lines.append(f"Location: {_short(answer.location)}")
    if answer.code:
        lines.append(f"code: {answer.code}")
    return "\n".join(lines)


def _short(address: str) -> str:
    before, token, after = address.partition("eyJ")
    return before + token + (after[:SHOWN_OF_A_TOKEN] + "…" if after else "")


def _card(title: str, stopped_by: str, asked: str, told: str, *, came_through: bool) -> Markup:
    return fill(
        "attack.html",
        title=title,
        stopped_by=stopped_by,
        asked=asked,
        told=told,
        state="came-through" if came_through else "failed",
        outcome="Came through" if came_through else "Failed",
    )
