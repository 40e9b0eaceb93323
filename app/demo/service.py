"""The service itself, as a child process with the settings of the demo."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession

from app.demo.users import API_TOKEN_HEADER

SERVE: Final = (sys.executable, "-m", "app", "serve")
READY_SECONDS = 30  # far more than a start takes; a service that hangs is told from a slow machine
STOP_SECONDS = 10
_STANDARD_ERROR = 2  # the file descriptor
_ROOT = Path(__file__).parents[2]  # where `-m app` finds this package and no other


class ServiceEnded(Exception):
    """The service ended by itself; `exit_status` is what to exit with, never 0."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The service ended with status {status}.")
        self.exit_status = max(status, 1)


@dataclass(frozen=True)
class Addresses:
    """The origins of the three parts; host and marketplace are different sites to a browser."""

    host: str
    marketplace: str
    service: str


def environment(addresses: Addresses, keys: Mapping[str, bytes]) -> dict[str, str]:
    """Return the whole environment of the service; nothing of ours is inherited."""
    install = {"connector_name": "gwt", "integration_name": "gwt2hs", "token": "{claims.api_token}"}
    return {
        "PATH": os.defpath,
        "SSO_BIND": urlsplit(addresses.service).netloc,
        "SSO_AUTHENTICATORS": "oauth2-proxy",
        "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
        "AUTH_OAUTH2_PROXY_CLAIM_HEADERS": f"api_token={API_TOKEN_HEADER}",
        "SSO_LOGIN_URL": f"{addresses.host}/login",
        "SSO_PUBLIC_URL": addresses.host,
        "SSO_HOST_ORIGINS": addresses.host,
        "SSO_LOG_FORMAT": "console",
        "PANDIUM_SHARED_SECRET": keys["Pandium"].decode(),
        "PANDIUM_ACCOUNT": "acme",
        "PANDIUM_MARKETPLACE_URL": f"{addresses.marketplace}/pandium/{{account}}",
        "PANDIUM_INSTALL_URL": (
            f"{addresses.marketplace}/pandium/{{account}}/tenants/create/{{integration_id}}"
        ),
        "PANDIUM_INTEGRATIONS": json.dumps({"1121": install}),
        "APIFUSE_API_SECRET": keys["APIFuse"].decode(),
        "APIFUSE_ORG_ID": "acme-demo",
        "APIFUSE_CUSTOM_DOMAIN": f"{addresses.marketplace}/apifuse",
    }


@asynccontextmanager
async def running(command: Sequence[str], settings: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run the service for as long as the context lasts; what it says goes to our standard error.

    It has a session of its own, so that Ctrl-C reaches it through us alone.
    """
    process = await asyncio.create_subprocess_exec(
        *command, env=settings, cwd=_ROOT, stdout=_STANDARD_ERROR, start_new_session=True
    )
    try:
        yield process
    finally:
        await _stop(process)


async def wait_until_ready(process: Process, origin: str, client: ClientSession) -> None:
    """Wait until the service at `origin` answers that it is ready.

    Raises:
        ServiceEnded: it ended instead.
        TimeoutError: it takes longer than `READY_SECONDS`.
    """
    async with asyncio.timeout(READY_SECONDS):
        while process.returncode is None:
            if await _is_ready(origin, client):
                return
            await asyncio.sleep(0.05)
    raise ServiceEnded(process.returncode)


async def _is_ready(origin: str, client: ClientSession) -> bool:
    try:
        async with client.get(f"{origin}/readyz") as answer:
            return answer.status == 200  # noqa: PLR2004 - OK
    except ClientError:
        return False


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
