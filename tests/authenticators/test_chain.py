import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import falcon.asgi
import pytest

from app.authenticators.chain import Chain, HostSession
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
from app.testing import make_request
from tests.samples import NOW

ADA = Identity(subject="u-17", email="ada@acme.example", groups=("a", "b"))


def answering(outcome: object) -> Callable[[falcon.asgi.Request], Any]:
    async def authenticator(_request: falcon.asgi.Request) -> Any:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return authenticator


def asking(*outcomes: object, **rules: Any) -> Chain:
    authenticators = {f"a{n}": answering(outcome) for n, outcome in enumerate(outcomes)}
    return Chain(
        authenticators=authenticators, **{"timeout_seconds": 5, "now": lambda: NOW, **rules}
    )


async def test_the_first_identity_decides_and_is_returned_with_who_knew() -> None:
    authenticate = asking(None, ADA, Identity(subject="other"))

    assert await authenticate(make_request()) == HostSession(ADA, "a1")


async def test_without_any_credential_there_is_no_session() -> None:
    with pytest.raises(NoSession) as refused:
        await asking(None, None)(make_request())

    assert refused.value.authenticator is None


@pytest.mark.requirement("R14")
@pytest.mark.parametrize(
    "outcome",
    [InvalidCredential("forged"), AccessDenied("no"), AuthenticatorUnavailable("down")],
    ids=lambda outcome: type(outcome).__name__,
)
async def test_after_a_refusal_nobody_else_is_asked(outcome: SignOnError) -> None:
    with pytest.raises(type(outcome)) as refused:
        await asking(None, outcome, ADA)(make_request())

    assert refused.value.authenticator == "a1"


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
async def test_what_the_contract_does_not_know_signs_nobody_on(outcome: object) -> None:
    with pytest.raises(AuthenticatorFailed) as refused:
        await asking(None, outcome, ADA)(make_request())

    assert refused.value.authenticator == "a1"
    assert "secret-of-the-session" not in str(refused.value)


@pytest.mark.requirement("R28", "R11")
async def test_an_identity_that_cannot_be_one_is_an_invalid_credential() -> None:
    async def careless(_request: falcon.asgi.Request) -> Identity:
        return Identity(subject="u\r\n17")

    with pytest.raises(InvalidCredential, match="subject has control"):
        await Chain(authenticators={"a": careless}, timeout_seconds=5)(make_request())


@pytest.mark.requirement("R28")
async def test_an_authenticator_that_hangs_is_unavailable() -> None:
    async def hanging(_request: falcon.asgi.Request) -> None:
        await asyncio.Event().wait()

    with pytest.raises(AuthenticatorUnavailable, match="took too long"):
        await Chain(authenticators={"a": hanging}, timeout_seconds=0.01)(make_request())


@pytest.mark.requirement("R28")
async def test_who_is_given_up_can_clean_up() -> None:
    told = []

    async def hanging(_request: falcon.asgi.Request) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            told.append("cleaned up")

    with pytest.raises(AuthenticatorUnavailable, match="took too long"):
        await Chain(authenticators={"a": hanging}, timeout_seconds=0.01)(make_request())
    asked = asyncio.create_task(
        Chain(authenticators={"a": hanging}, timeout_seconds=5)(make_request())
    )
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked

    assert told == ["cleaned up"] * 2


@pytest.fixture
def blocking() -> Iterator[Callable[[falcon.asgi.Request], None]]:
    """An authenticator that blocks its thread until the end of the test."""
    end = threading.Event()

    def authenticator(_request: falcon.asgi.Request) -> None:
        end.wait(60)

    yield authenticator
    end.set()


@pytest.mark.requirement("R28")
async def test_a_blocking_authenticator_has_a_timeout_and_stops_nobody_else(
    blocking: Callable[[falcon.asgi.Request], None],
) -> None:
    slow = Chain(authenticators={"a": asynchronous(blocking)}, timeout_seconds=0.05)
    waiting = asyncio.create_task(slow(make_request()))
    await asyncio.sleep(0)

    assert (await asking(ADA)(make_request())).identity is ADA
    assert not waiting.done()
    with pytest.raises(AuthenticatorUnavailable):
        await waiting


@pytest.mark.requirement("R28")
async def test_an_object_that_blocks_when_it_is_called_has_a_timeout(
    blocking: Callable[[falcon.asgi.Request], None],
) -> None:
    class Blocking:
        def __call__(self, request: falcon.asgi.Request) -> None:
            blocking(request)

    slow = Chain(authenticators={"a": asynchronous(Blocking())}, timeout_seconds=0.01)

    with pytest.raises(AuthenticatorUnavailable):
        await slow(make_request())


async def test_a_session_that_is_over_is_none() -> None:
    def ending(at: int) -> Chain:
        return asking(Identity(subject="u-17", expires_at=at))

    assert await ending(int(NOW) + 1)(make_request())
    with pytest.raises(InvalidCredential, match="over"):
        await ending(int(NOW))(make_request())


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
        ("ada@KAcme.example".replace("K", "\N{KELVIN SIGN}"), None, False),
        ("ada@\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}cme.example", None, False),
        ("ada@acme.example.", None, False),
        (None, None, False),
    ],
)
async def test_only_allowed_domains_get_in(
    email: str | None, verified: bool | None, allowed: bool
) -> None:
    identity = Identity(subject="u-17", email=email, email_verified=verified)
    allowed_ones = frozenset({"acme.example", "kacme.example", "icme.example"})
    authenticate = asking(identity, email_domains=allowed_ones)

    if allowed:
        assert (await authenticate(make_request())).identity is identity
    else:
        with pytest.raises(AccessDenied) as refused:
            await authenticate(make_request())
        assert refused.value.authenticator == "a0"


@pytest.mark.parametrize(
    ("required", "allowed"),
    [({"a"}, True), ({"a", "b"}, True), ({"a", "c"}, False), ({"A"}, False)],
)
async def test_only_who_is_in_all_required_groups_gets_in(
    required: set[str], allowed: bool
) -> None:
    authenticate = asking(ADA, groups=frozenset(required))

    if allowed:
        assert (await authenticate(make_request())).identity is ADA
    else:
        with pytest.raises(AccessDenied) as refused:
            await authenticate(make_request())
        assert refused.value.authenticator == "a0"


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("identity", "words"),
    [
        (Identity(subject="u"), ["no e-mail address", "SSO_ALLOWED_EMAIL_DOMAINS"]),
        (Identity(subject="u", email="a@x\u0301.example"), ["'x", "'acme.example'"]),
        (Identity(subject="u", email="a@b.example", email_verified=False), ["not verified"]),
    ],
)
async def test_why_a_domain_is_refused_is_told(identity: Identity, words: list[str]) -> None:
    authenticate = asking(identity, email_domains=frozenset({"acme.example"}))

    with pytest.raises(AccessDenied) as refused:
        await authenticate(make_request())

    assert all(word in str(refused.value) for word in words)
    assert "a@" not in str(refused.value)


@pytest.mark.requirement("R64")
@pytest.mark.parametrize(
    ("identity", "words"),
    [
        (Identity(subject="u"), ["'staff'", "no groups", "SSO_REQUIRED_GROUPS"]),
        (Identity(subject="u", groups=("x\u202ey", "b")), [r"'x\u202ey', 'b'"]),
        (Identity(subject="u", groups=tuple("abcdefg")), ["'e', …"]),
        (
            Identity(subject="u", claims={"_claim_names": {"groups": "src1"}}),
            ["too many", "_claim_names", "GROUPS_CLAIM"],
        ),
        (Identity(subject="u", claims={"hasgroups": "true"}), ["too many", "hasgroups"]),
    ],
)
async def test_why_groups_are_not_enough_is_told(identity: Identity, words: list[str]) -> None:
    authenticate = asking(identity, groups=frozenset({"staff"}))

    with pytest.raises(AccessDenied) as refused:
        await authenticate(make_request())

    assert all(word in str(refused.value) for word in words), str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.requirement("R67")
async def test_an_authenticator_may_allow_for_clocks_that_differ() -> None:
    class Tolerant:
        leeway_seconds = 30

        async def __call__(self, _: object) -> Identity:
            return Identity(subject="u-17", expires_at=int(NOW) - 29)

    class Strict(Tolerant):
        leeway_seconds = 29

    tolerant, strict = (
        Chain(authenticators={"a": made}, timeout_seconds=1, now=lambda: NOW)
        for made in (Tolerant(), Strict())
    )

    assert (await tolerant(make_request())).identity.expires_at == int(NOW) - 29
    with pytest.raises(InvalidCredential, match="over"):
        await strict(make_request())
