"""What the walk says, with a service that answers what each test wants."""

import itertools
from collections.abc import Callable, Iterator

import pytest
from aiohttp import ClientSession, web

from app.demo.service import Addresses
from app.demo.sign_on import signs_on

from .conftest import NOW, PANDIUM_KEY, Recorder
from .tokens import signed

Answer = Callable[[web.Request], web.Response]


@pytest.fixture
def addresses(host: str, marketplace: str, service: str) -> Addresses:
    return Addresses(host, marketplace, service)


@pytest.fixture
def jtis() -> Iterator[str]:
    return map(str, itertools.count())


def sign_on(addresses: Addresses, key: bytes = PANDIUM_KEY, **claims: object) -> web.Response:
    token = signed({"iat": NOW, "sub": "ada@acme.example", **claims}, key)
    location = f"{addresses.marketplace}/pandium/acme?tenant={token}#"
    return web.Response(status=307, headers={"Location": location})


def to_those_signed_in(answer: Answer) -> Answer:
    def answered(request: web.Request) -> web.Response:
        known = "X-Forwarded-User" in request.headers
        return answer(request) if known else web.Response(status=401)

    return answered


async def test_new_tokens_for_signed_in_users_only_pass(
    addresses: Addresses, http: ClientSession, recorder: Recorder, jtis: Iterator[str]
) -> None:
    recorder.answer = to_those_signed_in(lambda _: sign_on(addresses, jti=next(jtis)))

    assert await signs_on(addresses, http)


@pytest.mark.parametrize("key", [PANDIUM_KEY, b"x" * 43])
async def test_a_token_for_a_visitor_without_a_session_is_not_even_if_it_is_no_good(
    addresses: Addresses,
    http: ClientSession,
    recorder: Recorder,
    jtis: Iterator[str],
    key: bytes,
) -> None:
    def answer(request: web.Request) -> web.Response:
        known = "X-Forwarded-User" in request.headers
        return sign_on(addresses, PANDIUM_KEY if known else key, jti=next(jtis))

    recorder.answer = answer

    assert not await signs_on(addresses, http)


async def test_a_token_that_is_used_again_is_not(
    addresses: Addresses, http: ClientSession, recorder: Recorder
) -> None:
    recorder.answer = to_those_signed_in(lambda _: sign_on(addresses, jti="the same"))

    assert not await signs_on(addresses, http)


async def test_a_token_with_an_objection_is_not(
    addresses: Addresses,
    http: ClientSession,
    recorder: Recorder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorder.answer = to_those_signed_in(lambda _: sign_on(addresses))

    well = await signs_on(addresses, http)

    out = capsys.readouterr().out
    assert not well
    assert ": verified, ada@acme.example" in out
    assert "jti is missing; it is a string" in out


async def test_a_token_signed_with_another_key_is_not(
    addresses: Addresses,
    http: ClientSession,
    recorder: Recorder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorder.answer = to_those_signed_in(lambda _: sign_on(addresses, b"x" * 43, jti="1"))

    well = await signs_on(addresses, http)

    out = capsys.readouterr().out
    assert not well
    assert ": refused" in out
    assert "The signature was not made with this marketplace's key." in out
    assert out.endswith("Something is wrong.\n")


async def test_a_redirect_to_anywhere_else_is_not_and_is_not_followed(
    addresses: Addresses, http: ClientSession, recorder: Recorder
) -> None:
    away = {"Location": f"{addresses.marketplace}.invalid/"}
    recorder.answer = to_those_signed_in(lambda _: web.Response(status=307, headers=away))

    assert not await signs_on(addresses, http)


async def test_no_redirect_is_not(addresses: Addresses, http: ClientSession) -> None:
    assert not await signs_on(addresses, http)
