"""Somebody who uses the host application without a browser."""

from aiohttp import ClientResponse, ClientSession
from yarl import URL

from app.demo.sessions import COOKIE


async def sign_in(http: ClientSession, host: str, form: dict[str, str] | None = None) -> str:
    """Return the session of whoever the form names."""
    return (await login(http, host, form or {"user": "u-17"})).cookies[COOKIE].value


async def login(http: ClientSession, host: str, form: dict[str, str]) -> ClientResponse:
    async with http.post(f"{host}/login", data=form, allow_redirects=False) as answer:
        await answer.read()
    return answer


async def get(
    http: ClientSession, address: str, session: str | None = None, **headers: str
) -> tuple[ClientResponse, str]:
    if session is not None:
        headers["Cookie"] = f"{COOKIE}={session}"
    url = URL(address, encoded=True)
    async with http.get(url, headers=headers, allow_redirects=False) as answer:
        return answer, await answer.text()


async def page(http: ClientSession, address: str) -> tuple[int, str]:
    """Return status and text of a page."""
    async with http.get(URL(address, encoded=True)) as answer:
        return answer.status, await answer.text()
