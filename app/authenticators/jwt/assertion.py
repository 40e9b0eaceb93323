"""Verify a signed token: find it, check it against the rules, and find its key."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import structlog
from cachetools import FIFOCache

from app.authenticators.jwt.rules import Window
from app.errors import Cause, InvalidCredential, SignOnError
from app.identity import Identity, InvalidIdentity
from app.tokens.jws import InvalidToken, is_signed_by, read
from app.tokens.key_set import VerificationKey

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import falcon.asgi

    from app.authenticators.contract import ProbeResult
    from app.authenticators.jwt.keys import Keys
    from app.authenticators.jwt.rules import Rules
    from app.tokens.jws import UnverifiedToken

_MAX_REMEMBERED: Final = 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a verified token says, and the key that verified it."""

    key: VerificationKey
    algorithm: str
    key_id: str | None
    window: Window
    identity: Identity


def own_claims(token: UnverifiedToken) -> Mapping[str, Any]:
    """Return a token's claims unchanged."""
    return token.claims


@dataclass(slots=True, kw_only=True, eq=False)
class Assertion:
    """Takes an identity from a token that one of `keys` has signed and that follows the `rules`.

    `take` returns the token of a request, empty without one. `claims_of` returns the claims of a
    token, or raises InvalidToken. `padded` is for issuers that pad their base64url. `own_keys` are
    the fingerprints of this service's own keys, which verify no session. `sources` returns the
    claim that each field of an identity came from. `unchecked` are the variables with which the
    operator has switched a check off. `script_header` is the header that the operator has chosen
    for the token: a preset's own is its proxy's, and no script's.
    A verified token is remembered by its hash: its signature is not verified again while its key is
    in the set; its times are checked on every request.
    """

    take: Callable[[falcon.asgi.Request], bytes]
    rules: Rules
    keys: Keys
    identity_from: Callable[[Mapping[str, Any]], Identity]
    max_token_bytes: int
    sources: Callable[[Identity], Mapping[str, str]]
    claims_of: Callable[[UnverifiedToken], Mapping[str, Any]] = own_claims
    padded: bool = False
    own_keys: frozenset[bytes] = frozenset()
    now: Callable[[], float] = time.time
    unchecked: tuple[str, ...] = ()
    script_header: str | None = None
    _remembered: FIFOCache[bytes, _Verified] = field(
        default_factory=lambda: FIFOCache(_MAX_REMEMBERED), init=False, repr=False
    )

    async def start(self) -> None:
        """Begin to fetch keys, if they are fetched."""
        for variable in self.unchecked:
            log.warning("check_switched_off", variable=variable)
        await self.keys.start()

    async def stop(self) -> None:
        """Stop fetching."""
        await self.keys.stop()

    async def probe(self) -> list[ProbeResult]:
        """Try whether there are keys, without `start`."""
        return await self.keys.probe()

    @property
    def leeway_seconds(self) -> int:
        """How far clocks may be apart."""
        return self.rules.leeway_seconds

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is legal in the configuration and likely wrong."""
        off = (f"{variable} is -: this is not checked at all" for variable in self.unchecked)
        return (*off, *(f"is not used: {key}" for key in self.keys.unusable))

    @property
    def believes(self) -> str:
        """Whose tokens are taken."""
        return f"tokens {self.rules.summary()}"

    @property
    def ready(self) -> bool:
        """Whether there are keys to verify with."""
        return self.keys.ready

    async def __call__(self, request: falcon.asgi.Request) -> Identity | None:
        """Return the identity in the request's token; `None` without a token."""
        token = self.take(request)
        return await self.identify(token) if token else None

    async def identify(self, token: bytes) -> Identity:
        """Return the identity in a token.

        Raises:
            InvalidCredential: the token does not hold.
            AuthenticatorUnavailable: there are no keys to verify it with.
        """
        if len(token) > self.max_token_bytes:
            raise InvalidCredential(f"the token is {len(token)} bytes long")
        try:
            return await self._identify(token)
        except SignOnError:
            raise
        except InvalidToken as error:
            reason = f"the token does not hold: {error}"
            raise InvalidCredential(reason, cause=error.cause) from None
        except InvalidIdentity as error:
            raise InvalidCredential(f"the token does not hold: {error}") from None
        except Exception as error:  # noqa: BLE001 - whatever goes wrong, nobody is signed on
            raise InvalidCredential(f"the token caused {type(error).__name__}") from None

    async def _identify(self, token: bytes) -> Identity:
        digest = sha256(token).digest()
        verified = self._remembered.get(digest)
        if verified is None or not await self._is_still_there(verified):
            verified = await self._verify(token)
            self._remembered[digest] = verified
        verified.window.check(self.now())
        return replace(verified.identity, expires_at=verified.window.expires_at)

    async def _is_still_there(self, verified: _Verified) -> bool:
        keys = await self.keys.find(verified.key_id, verified.algorithm)
        return any(key is verified.key for key in keys)

    async def _verify(self, text: bytes) -> _Verified:
        token = read(text.decode("ascii"), padded=self.padded)
        algorithm, key_id = self.rules.check_header(token.header)
        claims = self.claims_of(token)
        window = self.rules.check_claims(claims)
        window.check(self.now())  # an expired token is not worth a fetch of keys
        keys = await self.keys.find(key_id, algorithm)
        key = next((key for key in keys if is_signed_by(key.key, algorithm, token)), None)
        if key is None:
            raise InvalidToken("its signature does not verify", cause=Cause.FORGED)
        if key.fingerprint in self.own_keys:
            raise InvalidToken(
                "this service has signed it itself: for a vendor, not as a session",
                cause=Cause.FORGED,
            )
        return _Verified(key, algorithm, key_id, window, self.identity_from(claims))
