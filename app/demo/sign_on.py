"""The sign-on, walked through over HTTP as a browser walks: for scripts that want to know."""

from collections.abc import Mapping

from aiohttp import ClientSession
from yarl import URL

from app.demo.service import Addresses
from app.demo.sessions import COOKIE
from app.demo.users import ADA
from app.demo.views import VIEWS

REDIRECT = 307
PAGE = {"Accept": "text/html"}


async def signs_on(addresses: Addresses, client: ClientSession) -> bool:
    """Walk every way into the marketplace, print what came, and say whether all is as it should.

    As it should is: a 307 whose token the marketplace verifies and has no objection to, by each
    address of the host application and past it, and no token without a session.
    """
    cookie = {"Cookie": f"{COOKIE}={await _session(addresses.host, client)}"}
    ways = [(f"{addresses.service}/pandium-sso", ADA.headers())]
    ways += [(addresses.host + view.framed, cookie) for view in VIEWS]
    print("Signed in:")
    well = [
        await _is_welcome(addresses.marketplace, await _redirect(*way, client), client)
        for way in ways
    ]
    print("Signed out:")
    well.append(not await _redirect(f"{addresses.host}/pandium-sso", PAGE, client))
    print("All is as it should be." if all(well) else "Something is wrong.", flush=True)
    return all(well)


async def _session(host: str, client: ClientSession) -> str:
    """Sign Ada in and return her session."""
    login = client.post(f"{host}/login", data={"user": ADA.subject}, allow_redirects=False)
    async with login as answer:
        return answer.cookies[COOKIE].value


async def _redirect(address: str, headers: Mapping[str, str], client: ClientSession) -> str:
    """Return where a 307 at `address` leads to, or nothing for any other answer."""
    async with client.get(address, headers=headers, allow_redirects=False) as answer:
        print(f"  {answer.status}  {address}")
        return answer.headers["Location"] if answer.status == REDIRECT else ""


async def _is_welcome(marketplace: str, location: str, client: ClientSession) -> bool:
    """Say whether the marketplace is content with a visitor who is sent to `location`."""
    if not location.startswith(f"{marketplace}/"):
        print("       This is no way to the marketplace.")
        return False
    address = URL(location, encoded=True)
    async with client.get(address, headers={"Accept": "application/json"}) as answer:
        verdict = await answer.json()
    print(f"       {address.with_query(None)}: {verdict['state']}, {verdict['person']}")
    for fault in filter(None, (verdict["refusal"], *verdict["objections"])):
        print(f"       {fault}")
    return verdict["state"] == "verified" and not verdict["objections"]
