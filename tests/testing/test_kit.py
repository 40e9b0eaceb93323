"""The kit finds what is wrong with an authenticator, and nothing where nothing is."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from app.errors import AccessDenied, InvalidCredential
from app.identity import Identity
from app.resources.request import Request
from app.testing import FakeIdentityProvider, IssuerKey, check_authenticator, make_request
from app.testing.identity_provider import JWKS_PATH

SESSION = "of-ada-0f1e2d3c4b5a69788796"
HEADERS = [("X-Session", SESSION)]


def by_session(refuse: Callable[[str], Any]) -> Any:
    """An authenticator that knows one session; what it makes of others is up to `refuse`."""

    async def authenticate(request: Request) -> Identity | None:
        values = [value for name, value in request.scope["headers"] if name == b"x-session"]
        if not values or values == [b""]:
            return None
        if values == [SESSION.encode()]:
            return Identity(subject="u-17")
        refused: Identity | None = refuse(",".join(value.decode("latin-1") for value in values))
        return refused

    return authenticate


def invalid(_value: str) -> None:
    raise InvalidCredential("no such session")


def believing(request: Request) -> Identity | None:
    client = request.scope["client"]
    values = [value for name, value in request.scope["headers"] if name == b"x-session"]
    if client is None or client[0] != "10.0.0.1" or values in ([], [b""]):
        return None
    if len(values) > 1:
        raise AccessDenied("twice")
    return Identity(subject=values[0].decode())


async def test_it_finds_nothing_where_nothing_is_wrong() -> None:
    await check_authenticator(by_session(invalid), HEADERS)
    await check_authenticator(by_session(lambda _: None), HEADERS)
    await check_authenticator(believing, HEADERS, peer="10.0.0.1", believes_peer=True)


@pytest.mark.parametrize(
    ("refuse", "words"),
    [
        (lambda _: Identity(subject="u-17"), "cut in half: signs on"),
        (lambda _: Identity(subject="u-17"), "twice: signs on"),
        (lambda value: Identity(subject="u-17") if "," in value else None, "comma: signs on"),
        (lambda value: Identity(subject=value), "invented: admin: signs on"),
        (lambda _: json.loads("{"), "raised JSONDecodeError"),
        (lambda _: "", "returned str"),
    ],
)
async def test_it_finds_what_is_wrong(refuse: Callable[[str], Any], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        await check_authenticator(by_session(refuse), HEADERS)


async def test_it_finds_a_reason_that_quotes_the_credential() -> None:
    def quoting(value: str) -> None:
        raise InvalidCredential(f"no session {value}")

    with pytest.raises(AssertionError, match="twice: the reason quotes the credential"):
        await check_authenticator(by_session(quoting), HEADERS)


async def test_it_finds_who_believes_anybody() -> None:
    def naive(request: Request) -> Identity | None:
        value = dict(request.scope["headers"]).get(b"x-session")
        return Identity(subject=value.decode()) if value else None

    with pytest.raises(AssertionError, match=r"from a unix socket: signs on") as found:
        await check_authenticator(naive, HEADERS, believes_peer=True)
    assert "X-Session twice: signs on" in str(found.value)


async def test_it_finds_who_folds_underscores() -> None:
    def folding(request: Request) -> Identity | None:
        names = [name.replace(b"_", b"-") for name, value in request.scope["headers"] if value]
        if names.count(b"x-session") > 1:
            raise InvalidCredential("twice")
        return Identity(subject="u-17") if b"x-session" in names else None

    with pytest.raises(AssertionError, match="names with underscores: signs on"):
        await check_authenticator(folding, HEADERS)


class Moody:
    """Gives another identity each time, and has a beginning and an end."""

    def __init__(self) -> None:
        self.number = 0
        self.calls: list[str] = []

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")

    async def __call__(self, _request: Request) -> Identity:
        self.number += 1
        return Identity(subject=str(self.number))


async def test_it_starts_and_stops_and_finds_moods() -> None:
    moody = Moody()

    with pytest.raises(AssertionError, match="two identities") as found:
        await check_authenticator(moody, HEADERS)

    assert "without its credential signs on" in str(found.value)
    assert moody.calls == ["start", "stop"]


async def test_it_finds_a_credential_that_does_not_sign_on() -> None:
    async def suspicious(_request: Request) -> None:
        raise InvalidCredential("everybody is suspicious")

    with pytest.raises(AssertionError, match="does not sign on: invalid_session") as found:
        await check_authenticator(suspicious, HEADERS)
    assert "gives invalid_session, not None" in str(found.value)


def test_a_request_has_just_these_headers() -> None:
    request = make_request(
        [("X-A", "1"), ("X-A", b"\xff")], cookies={"a": "b"}, peer=None, query="q=1"
    )

    assert request.scope["headers"] == [(b"x-a", b"1"), (b"x-a", b"\xff"), (b"cookie", b"a=b")]
    assert request.scope["client"] is None
    assert (request.path, request.query_string, request.method) == ("/pandium-sso", "q=1", "GET")


async def test_a_request_has_no_body() -> None:
    assert await make_request().stream.read() == b""


def fetched(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 - on loopback
        return json.loads(response.read())


def test_a_provider_serves_what_it_signs_with() -> None:
    with FakeIdentityProvider() as provider:
        old = provider.key
        assert fetched(provider.jwks_url)["keys"] == [old.jwk()]
        assert fetched(provider.discovery_url) == {
            "issuer": provider.issuer,
            "jwks_uri": provider.jwks_url,
        }
        provider.rotate(overlap=True)
        assert [key["kid"] for key in fetched(provider.jwks_url)["keys"]] == ["key-1", "key-2"]
        provider.rotate(overlap=False)
        assert [key["kid"] for key in fetched(provider.jwks_url)["keys"]] == ["key-3"]
        provider.documents["/x"] = b"17"
        assert fetched(f"{provider.origin}/x") == 17
        assert provider.fetches[JWKS_PATH] == 3
        provider.behaviour = "redirect"
        with pytest.raises(urllib.error.HTTPError) as redirected:
            fetched(provider.jwks_url)
        redirected.value.close()
        assert "nbf" not in provider.claims(nbf=None)


def test_a_provider_of_a_secret_signs_with_it() -> None:
    key = IssuerKey("HS256", secret=b"of-both")

    assert key.sign({"sub": "u"}).count(".") == 2
    assert "kid" not in IssuerKey("EdDSA").jwk()
    assert key.sign(b"{}", b"{}") == key.sign({}, b"{}")
