"""What a flood of inventions, or a host gone mad, does to honest users: nothing."""

import asyncio
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from app.errors import AuthenticatorUnavailable, InvalidCredential
from app.testing import IssuerKey, make_request
from tests.authenticators.introspection.hosts import Answer, running
from tests.in_process import Load
from tests.samples import PANDIUM

FLOOD_PER_SECOND = 400
FLOOD_SECONDS = 4
SLOW_SECONDS = 1.5
"""How long the key server takes for each document."""

SIGN_ONS = 10_000
USERS = 50
SIDE_BY_SIDE = 50

ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/sso/50dc6c495c0c9188"
CLAIMS = {"sub": "u-17", "iss": "https://login.example", "aud": "sso", "exp": 4_000_000_000}
ALB = {"signer": ARN, "client": "client", "iss": "https://login.example", "exp": 4_000_000_000}


def slowly(documents: dict[str, bytes]) -> Answer:
    async def answer(asked: web.Request) -> web.Response:
        await asyncio.sleep(SLOW_SECONDS)
        body = documents.get(asked.path)
        return web.Response(body=body, status=404 if body is None else 200)

    return answer


async def flood(authenticate: Any, forged: Any, honest: Any) -> list[object]:
    """Send inventions at a steady rate, and an honest token every tenth of a second."""
    loop, began = asyncio.get_running_loop(), time.monotonic()
    forgeries: list[asyncio.Task[object]] = []
    sign_ons: list[asyncio.Task[object]] = []
    for number in range(FLOOD_PER_SECOND * FLOOD_SECONDS):
        await asyncio.sleep(max(0, began + number / FLOOD_PER_SECOND - time.monotonic()))
        forgeries.append(loop.create_task(authenticate(make_request([forged()]))))
        if number % (FLOOD_PER_SECOND // 10) == 0:
            sign_ons.append(loop.create_task(authenticate(make_request([honest(number)]))))
    found = await asyncio.gather(*sign_ons, return_exceptions=True)
    refused = await asyncio.gather(*forgeries, return_exceptions=True)
    refusals = (InvalidCredential, AuthenticatorUnavailable)
    assert all(isinstance(each, refusals) for each in refused)
    return found


@pytest.mark.requirement("R59")
async def test_invented_keys_of_a_load_balancer_keep_no_honest_user_out(load: Load) -> None:
    keys = {str(uuid.uuid4()): IssuerKey("ES256") for _ in range(5)}
    async with running(slowly({f"/{name}": key.pem() for name, key in keys.items()})) as server:
        config = load(
            PANDIUM,
            SSO_AUTHENTICATORS="aws-alb",
            AUTH_AWS_ALB_SIGNER=ARN,
            AUTH_AWS_ALB_CLIENT_ID="client",
            AUTH_AWS_ALB_ISSUER="https://login.example",
            AUTH_AWS_ALB_KEYS_URL=f"http://127.0.0.1:{server.port}",
        )
        authenticate: Any = config.authenticators["aws-alb"]
        forger = IssuerKey("ES256")

        def forged() -> tuple[str, str]:
            header = {**ALB, "kid": str(uuid.uuid4())}
            return "x-amzn-oidc-data", forger.sign({"sub": "u-17"}, header, padded=True)

        def honest(number: int) -> tuple[str, str]:
            name = list(keys)[number % len(keys)]
            header = {**ALB, "kid": name}
            return "x-amzn-oidc-data", keys[name].sign({"sub": "u-17"}, header, padded=True)

        await authenticate.start()
        found = await flood(authenticate, forged, honest)
        await authenticate.stop()

    assert [getattr(each, "subject", each) for each in found] == ["u-17"] * len(found)


@pytest.mark.requirement("R17", "R59")
async def test_invented_names_of_keys_keep_no_honest_user_out(load: Load) -> None:
    key = IssuerKey("ES256", "public:honest/1=")
    jwks = web.json_response({"keys": [key.jwk()]}).body
    assert isinstance(jwks, bytes)
    async with running(slowly({"/keys": jwks})) as server:
        config = load(
            PANDIUM,
            SSO_AUTHENTICATORS="jwt",
            AUTH_JWT_HEADER="X-Token",
            AUTH_JWT_ISSUER="https://login.example",
            AUTH_JWT_AUDIENCE="sso",
            AUTH_JWT_ALGORITHMS="ES256",
            AUTH_JWT_JWKS_URL=f"http://127.0.0.1:{server.port}/keys",
        )
        authenticate: Any = config.authenticators["jwt"]
        forger = IssuerKey("ES256")

        def forged() -> tuple[str, str]:
            return "X-Token", forger.sign(CLAIMS, {"kid": uuid.uuid4().hex})

        def honest(number: int) -> tuple[str, str]:
            return "X-Token", key.sign({**CLAIMS, "n": number})

        await authenticate.start()
        found = await flood(authenticate, forged, honest)
        await authenticate.stop()

    assert [getattr(each, "subject", each) for each in found] == ["u-17"] * len(found)
    assert len(server.asked) <= 2


class MadHost:
    """A host that answers unasked, late, twice or cut, and never but with who asked."""

    def __init__(self) -> None:
        self.port = 0
        self._random = random.Random(17)  # noqa: S311 - a test repeats itself

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                session = re.search(rb"sessionid=(u-\d+)", head)
                assert session is not None
                await self._answer(writer, session[1].decode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, user: str) -> None:
        behaviour = self._random.randrange(10)
        answer, other = self._whole(user), self._whole("u-somebody-else")
        if behaviour == 0:  # cut
            answer = answer[: len(answer) // 2]
        elif behaviour == 1:  # late
            await asyncio.sleep(self._random.random() / 50)
        elif behaviour in {2, 3}:  # twice, and the second one is another's
            answer += other
        writer.write(answer)
        await writer.drain()
        if behaviour == 4:
            await asyncio.sleep(0.001)
            writer.write(other * 3)
        elif behaviour == 0:
            writer.close()

    @staticmethod
    def _whole(user: str) -> bytes:
        body = f'{{"id": "{user}"}}'.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        return head.encode() + b"\r\nConnection: keep-alive\r\n\r\n" + body


@asynccontextmanager
async def mad_host() -> AsyncIterator[MadHost]:
    host = MadHost()
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()


@pytest.mark.requirement("R58")
async def test_of_ten_thousand_sign_ons_nobody_gets_anothers_identity(load: Load) -> None:
    found: Counter[str] = Counter()
    async with mad_host() as host:
        config = load(
            PANDIUM,
            SSO_AUTHENTICATORS="introspection",
            AUTH_INTROSPECTION_URL=f"http://127.0.0.1:{host.port}/api/me",
            AUTH_INTROSPECTION_FORWARD_COOKIES="sessionid",
        )
        authenticate: Any = config.authenticators["introspection"]
        await authenticate.start()
        numbers = iter(range(SIGN_ONS))

        async def sign_on() -> None:
            for number in numbers:
                user = f"u-{number % USERS}"
                request = make_request([("Cookie", f"sessionid={user}")])
                try:
                    subject = (await authenticate(request)).subject
                except AuthenticatorUnavailable:
                    subject = "nobody"
                found[{user: "right", "nobody": "nobody"}.get(subject, "somebody else")] += 1

        await asyncio.gather(*(sign_on() for _ in range(SIDE_BY_SIDE)))
        await authenticate.stop()

    assert found.total() == SIGN_ONS
    assert found["somebody else"] == 0
    assert found["right"] > SIGN_ONS // 2
