import asyncio
import time
from collections.abc import Callable
from typing import Any

import falcon.asgi
import falcon.testing
import pytest

from app.authenticators.chain import Authentication
from app.authenticators.loading import asynchronous
from app.errors import (
    AccessDenied,
    AuthenticatorFailed,
    AuthenticatorUnavailable,
    InvalidCredential,
    MissingClaim,
    NoSession,
    SignOnError,
)
from app.identity import Identity
from app.resources.request import Request
from tests.samples import NOW

ADA = Identity(subject="u-17", email="ada@acme.example", groups=("a", "b"))


@pytest.fixture
def request_() -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    return Request(falcon.testing.create_scope(), receive)


def answering(outcome: object) -> Callable[[falcon.asgi.Request], Any]:
    async def authenticator(_request: falcon.asgi.Request) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return authenticator


def asking(*outcomes: object, **rules: Any) -> Authentication:
    authenticators = {f"a{n}": answering(outcome) for n, outcome in enumerate(outcomes)}
    return Authentication(
        authenticators=authenticators, **{"timeout_seconds": 5, "now": lambda: NOW, **rules}
    )


async def test_the_first_identity_decides_and_is_noted(request_: Request) -> None:
    authenticate = asking(None, ADA, Identity(subject="other"))

    assert await authenticate(request_) is ADA
    assert request_.context.authenticator == "a1"


async def test_without_any_credential_there_is_no_session(request_: Request) -> None:
    with pytest.raises(NoSession):
        await asking(None, None)(request_)

    assert request_.context.authenticator is None


@pytest.mark.requirement("R14")
@pytest.mark.parametrize(
    "outcome",
    [InvalidCredential("forged"), AccessDenied("no"), AuthenticatorUnavailable("down")],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_after_a_refusal_nobody_else_is_asked(
    request_: Request, outcome: SignOnError
) -> None:
    with pytest.raises(type(outcome)):
        await asking(outcome, ADA)(request_)


@pytest.mark.requirement("R28", "R14")
@pytest.mark.parametrize(
    "outcome",
    [
        ValueError("secret-of-the-session"),
        KeyError("secret-of-the-session"),
        RecursionError("secret-of-the-session"),
        MissingClaim("sub", wanted="secret-of-the-session"),
        NoSession("secret-of-the-session"),
        "",
        "u-17",
        {"subject": "u-17"},
        True,
        0,
        object(),
    ],
    ids=lambda outcome: f"{type(outcome).__name__}",
)
async def test_what_the_contract_does_not_know_signs_nobody_on(
    request_: Request, outcome: object
) -> None:
    with pytest.raises(AuthenticatorFailed) as refused:
        await asking(outcome, ADA)(request_)

    assert "secret-of-the-session" not in str(refused.value)


@pytest.mark.requirement("R28", "R11")
async def test_an_identity_that_cannot_be_one_is_an_invalid_credential(request_: Request) -> None:
    async def careless(_request: falcon.asgi.Request) -> Identity:
        return Identity(subject="u\r\n17")

    with pytest.raises(InvalidCredential, match="subject has control"):
        await Authentication(authenticators={"a": careless}, timeout_seconds=5)(request_)


@pytest.mark.requirement("R28")
async def test_an_authenticator_that_hangs_is_unavailable(request_: Request) -> None:
    async def hanging(_request: falcon.asgi.Request) -> None:
        await asyncio.Event().wait()

    with pytest.raises(AuthenticatorUnavailable, match="took too long"):
        await Authentication(authenticators={"a": hanging}, timeout_seconds=0.01)(request_)


async def test_who_answers_at_once_needs_no_timer(request_: Request) -> None:
    authenticate = Authentication(authenticators={"a": answering(ADA)}, timeout_seconds=-1)

    assert await authenticate(request_) is ADA


async def test_who_waits_goes_on_with_what_came_of_it(request_: Request) -> None:
    loop = asyncio.get_running_loop()
    first, second, third = (loop.create_future() for _ in range(3))

    async def waiting(_request: falcon.asgi.Request) -> Identity:
        subject = await first
        with pytest.raises(LookupError):
            await second
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            return Identity(subject=subject, name=await third)

    loop.call_soon(first.set_result, "u-17")
    loop.call_soon(second.set_exception, LookupError())
    loop.call_later(0.01, third.set_result, "Ada")

    identity = await Authentication(authenticators={"a": waiting}, timeout_seconds=5)(request_)

    assert (identity.subject, identity.name) == ("u-17", "Ada")


@pytest.mark.requirement("R28")
async def test_who_is_given_up_can_clean_up(request_: Request) -> None:
    told = []

    async def hanging(_request: falcon.asgi.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("cleaned up")

    with pytest.raises(AuthenticatorUnavailable, match="took too long"):
        await Authentication(authenticators={"a": hanging}, timeout_seconds=0.01)(request_)
    asked = asyncio.create_task(
        Authentication(authenticators={"a": hanging}, timeout_seconds=5)(request_)
    )
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked

    assert told == ["cleaned up"] * 2


@pytest.mark.requirement("R28")
async def test_a_blocking_one_has_a_timeout(request_: Request) -> None:
    class Blocking:
        def __call__(self, _request: falcon.asgi.Request) -> None:
            time.sleep(0.2)

    with pytest.raises(AuthenticatorUnavailable):
        await Authentication(authenticators={"a": asynchronous(Blocking())}, timeout_seconds=0.01)(
            request_
        )


@pytest.mark.requirement("R28")
async def test_a_blocking_authenticator_stops_nobody_else(request_: Request) -> None:
    def blocking(_request: falcon.asgi.Request) -> None:
        time.sleep(0.2)

    slow = Authentication(authenticators={"a": asynchronous(blocking)}, timeout_seconds=0.05)
    waiting = asyncio.create_task(slow(request_))
    await asyncio.sleep(0)

    assert await asking(ADA)(request_) is ADA
    with pytest.raises(AuthenticatorUnavailable):
        await waiting


async def test_a_session_that_is_over_is_none(request_: Request) -> None:
    def ending(at: int) -> Authentication:
        return asking(Identity(subject="u-17", expires_at=at))

    assert await ending(int(NOW) + 1)(request_)
    with pytest.raises(InvalidCredential, match="over"):
        await ending(int(NOW))(request_)


@pytest.mark.parametrize(
    ("email", "verified", "allowed"),
    [
        ("ada@acme.example", None, True),
        ("ada@ACME.Example", True, True),
        ("ada@acme.example", False, False),
        ("ada@evil.example", True, False),
        ("ada@acme.example.evil.example", None, False),
        ("ada@sub.acme.example", None, False),
        ("acme.example@evil.example", None, False),
        (None, None, False),
    ],
)
async def test_only_allowed_domains_get_in(
    request_: Request, email: str | None, verified: bool | None, allowed: bool
) -> None:
    identity = Identity(subject="u-17", email=email, email_verified=verified)
    authenticate = asking(identity, email_domains=frozenset({"acme.example"}))

    if allowed:
        assert await authenticate(request_) is identity
    else:
        with pytest.raises(AccessDenied):
            await authenticate(request_)


@pytest.mark.parametrize(
    ("required", "allowed"),
    [({"a"}, True), ({"a", "b"}, True), ({"a", "c"}, False), ({"A"}, False)],
)
async def test_only_who_is_in_all_required_groups_gets_in(
    request_: Request, required: set[str], allowed: bool
) -> None:
    authenticate = asking(ADA, groups=frozenset(required))

    if allowed:
        assert await authenticate(request_) is ADA
    else:
        with pytest.raises(AccessDenied):
            await authenticate(request_)
