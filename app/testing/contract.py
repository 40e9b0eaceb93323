"""Check an authenticator against its contract and against attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.authenticators.chain import Chain
from app.authenticators.loading import asynchronous
from app.errors import (
    AccessDenied,
    AuthenticatorUnavailable,
    InvalidCredential,
    NoSession,
    SignOnError,
)
from app.testing.attacks import attacks_on_token, attacks_on_value
from app.testing.requests import make_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from falcon.asgi import Request

    from app.testing.issuer_keys import IssuerKey
    from app.testing.requests import Header

_REFUSALS = (NoSession, InvalidCredential, AccessDenied, AuthenticatorUnavailable)
_STRANGERS = ("203.0.113.9", "2001:db8::9", "::ffff:203.0.113.9", None)
_OTHERS: Sequence[Header] = (
    ("Authorization", "Basic cm9vdDpyb290"),
    ("Cookie", "other=1; another=2"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Original-URL", "/admin"),
)


async def check_authenticator(
    authenticator: Any,  # noqa: ANN401 - sync or async, function or object
    headers: Sequence[tuple[str, str]],
    *,
    peer: str = "127.0.0.1",
    believes_peer: bool = False,
    keys: tuple[IssuerKey, ...] = (),
) -> None:
    """Check an authenticator against its contract and against attacks.

    `headers` have a credential that signs on; no name is repeated. Set `believes_peer` if the
    authenticator believes any value from this peer. `keys` are those of the tokens' issuer.

    Raises:
        AssertionError: with a line for everything that is wrong.
    """
    authenticate = Chain(authenticators={"": asynchronous(authenticator)}, timeout_seconds=5)
    findings: list[str] = []
    if start := getattr(authenticator, "start", None):
        await start()
    try:
        findings += await _signs_on(authenticate, make_request(headers, peer=peer))
        findings += await _ignores_others(authenticate, peer)
        secrets = [_split(name, value)[1] for name, value in headers]
        attacks = _on_peers(headers) if believes_peer else _on_values(headers, peer, keys)
        for name, request in (*_on_headers(headers, peer), *attacks):
            findings += await _refuses(authenticate, name, request, secrets)
    finally:
        if stop := getattr(authenticator, "stop", None):
            await stop()
    if findings:
        raise AssertionError("\n".join(findings))


async def _signs_on(authenticate: Chain, request: Request) -> Iterable[str]:
    try:
        if await authenticate(request) != await authenticate(request):
            return ["the same request gives two identities"]
    except SignOnError as error:
        return [f"the credential does not sign on: {error.code}, {error}"]
    return []


async def _ignores_others(authenticate: Chain, peer: str) -> Iterable[str]:
    for headers in ((), _OTHERS):
        try:
            await authenticate(make_request(headers, peer=peer))
        except NoSession:
            continue
        except SignOnError as error:
            return [f"a request without its credential gives {error.code}, not None: {error}"]
        return ["a request without its credential signs on"]
    return []


async def _refuses(
    authenticate: Chain, name: str, request: Request, secrets: Iterable[str]
) -> Iterable[str]:
    try:
        await authenticate(request)
    except _REFUSALS as error:
        if any(secret in str(error) for secret in secrets):
            return [f"{name}: the reason quotes the credential"]
        return []
    except SignOnError as error:
        return [f"{name}: {error}"]
    return [f"{name}: signs on"]


def _on_headers(headers: Sequence[Header], peer: str) -> Iterable[tuple[str, Request]]:
    for name, value in headers:
        twice = [*headers, (name, value)]
        yield f"{name} twice", make_request(twice, peer=peer)
    twins = [(name.replace("-", "_"), value) for name, value in headers if "-" in name]
    if len(twins) == len(headers):
        yield "names with underscores", make_request(twins, peer=peer)
    yield "empty values", make_request([(name, "") for name, _ in headers], peer=peer)


def _on_peers(headers: Sequence[Header]) -> Iterable[tuple[str, Request]]:
    for peer in _STRANGERS:
        yield f"from {peer or 'a unix socket'}", make_request(headers, peer=peer)


def _on_values(
    headers: Sequence[tuple[str, str]], peer: str, keys: tuple[IssuerKey, ...]
) -> Iterable[tuple[str, Request]]:
    for name, whole in headers:
        rest = [header for header in headers if header[0] != name]
        before, value = _split(name, whole)
        attacks = attacks_on_value(value)
        if value.startswith("ey") and value.count(".") == len(".."):
            attacks |= attacks_on_token(value, keys)
        for attack, forged in attacks.items():
            request = make_request([*rest, (name, before + forged)], peer=peer)
            yield f"{name} {attack}", request


def _split(name: str, value: str) -> tuple[str, str]:
    """Split a value from the scheme or the cookie's name before it."""
    mark = "=" if name.lower() == "cookie" else " "
    before, found, rest = value.partition(mark)
    return (before + found, rest) if found else ("", value)
