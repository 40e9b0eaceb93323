"""A small service in place of the real one: it reads the same settings and signs its own tokens.

Run as a program it serves at `SSO_BIND`. With an argument it ends at once with that status, or
never gets ready (`hang`); `POST /end` ends it with status 3.
"""

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import OctKey

CONNECTOR = {"connector_name": "gwt", "integration_name": "gwt2hs"}


def signed(claims: Mapping[str, Any], key: str) -> str:
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, dict(claims), OctKey.import_key(key))


def pandium_claims(**more: object) -> dict[str, Any]:
    return {"iat": int(time.time()), "jti": str(uuid.uuid4()), "sub": "ada@acme.example", **more}


def apifuse_claims(**more: object) -> dict[str, Any]:
    now = int(time.time())
    user = {"externalId": "u-17", "email": "ada@acme.example"}
    return {"iat": now, "nbf": now, "exp": now + 300, "orgId": "o-1", "user": user, **more}


def application(settings: Mapping[str, str]) -> web.Application:
    """Answer as the service does, as far as the demo sees it."""

    async def sign_on(request: web.Request) -> web.Response:
        if "X-Forwarded-User" not in request.headers:
            return web.Response(status=401)
        if "install" in request.path:
            base = settings["PANDIUM_INSTALL_URL"].format(account="acme", integration_id="1121")
            claims = pandium_claims(ti={"xti": CONNECTOR})
        else:
            base = settings["PANDIUM_MARKETPLACE_URL"].format(account="acme")
            claims = pandium_claims()
        token = signed(claims, settings["PANDIUM_SHARED_SECRET"])
        query = urlencode({**request.query, "tenant": token})
        return web.Response(status=307, headers={"Location": f"{base}?{query}#"})

    async def apifuse(request: web.Request) -> web.Response:
        path = request.path.removeprefix("/apifuse-sso")
        token = signed(apifuse_claims(), settings["APIFUSE_API_SECRET"])
        location = f"{settings['APIFUSE_CUSTOM_DOMAIN']}{path}?{urlencode({'jwt': token})}#"
        return web.Response(status=307, headers={"Location": location})

    async def ready(_request: web.Request) -> web.Response:
        return web.Response(status=503 if settings.get("mode") == "hang" else 200)

    async def end(_request: web.Request) -> web.Response:
        asyncio.get_running_loop().call_later(0.05, os._exit, 3)
        return web.Response()

    application = web.Application()
    application.router.add_post("/end", end)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/pandium-sso{rest:.*}", sign_on)
    application.router.add_get("/apifuse-sso{rest:.*}", apifuse)
    return application


async def serve(settings: Mapping[str, str]) -> None:
    runner = web.AppRunner(application(settings))
    await runner.setup()
    address = urlsplit(f"//{settings['SSO_BIND']}")
    await web.TCPSite(runner, address.hostname, address.port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    mode = "".join(sys.argv[1:])
    if mode.isdigit():
        print("stand-in: ending")  # noqa: T201 - what a service says before it ends
        sys.exit(int(mode))
    print(json.dumps(sorted(os.environ)), flush=True)  # noqa: T201 - the names, for the test that reads them
    asyncio.run(serve({**os.environ, "mode": mode}))
