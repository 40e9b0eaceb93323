"""Unsigned identity headers, believed from known peers only."""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, Self

import structlog
from cachetools import FIFOCache
from pydantic import Field, SecretStr, field_validator, model_validator

from app.authenticators.claim_names import ClaimNames
from app.authenticators.claim_values import expiry
from app.authenticators.headers.header_values import payload
from app.authenticators.headers.identity_headers import HeaderReader, IdentityHeaders
from app.authenticators.headers.peers import peer_address
from app.authenticators.token_kind import check_is_no_clients
from app.errors import Cause, InvalidCredential
from app.settings.networks import UNIX, PeerNames, Peers, plain_address
from app.settings.variables import HeaderName, HeaderNames, WrongVariable
from app.telemetry.metrics import UNTRUSTED_PEERS

if TYPE_CHECKING:
    import falcon.asgi

    from app.authenticators.contract import AuthenticatorContext
    from app.identity import Identity

_SECRET_CHARACTERS: Final = 12
"""The shortest proxy secret: 9 random bytes in base64, which nobody tries out over a network."""

_MAX_REPORTED_PEERS: Final = 1024
_MAX_REMEMBERED_HEADERS: Final = 256

Received = tuple[tuple[bytes, bytes], ...]

log = structlog.get_logger(__name__)


class TrustedHeadersVariables(ClaimNames, IdentityHeaders):
    """The variables of the engine `trusted-headers`."""

    trusted_proxies: PeerNames = Field(
        (), description="required: addresses of the login proxy; `unix` for unix-socket peers"
    )
    proxy_secret_header: HeaderName | None = Field(
        None, description="a header in which the proxy also sends a secret"
    )
    proxy_secret: SecretStr | None = Field(None, description="the secret that it sends")
    payload_header: HeaderName | None = Field(None, description="claims in one header instead")
    payload_format: Literal["base64-json", "base64url-json", "azure-principal"] = Field(
        "base64-json", description="how they are encoded"
    )
    refused_headers: HeaderNames = Field(
        (), description="headers whose presence refuses the request"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        if not proxies:
            raise ValueError("is required: the address of your login proxy, like 10.0.3.7/32")
        return proxies

    @model_validator(mode="after")
    def _check_secret_and_its_header(self) -> Self:
        if (self.proxy_secret is None) != (self.proxy_secret_header is None):
            wrong = "goes together with PROXY_SECRET_HEADER: set both or neither"
            raise WrongVariable("proxy_secret", wrong)
        secret = self.proxy_secret
        if secret is not None and len(secret.get_secret_value().strip()) < _SECRET_CHARACTERS:
            wrong = f"is shorter than {_SECRET_CHARACTERS} characters and could be guessed"
            raise WrongVariable("proxy_secret", f"{wrong}; set openssl rand -base64 24")
        return self


VARIABLES: Final = TrustedHeadersVariables


def from_settings(context: AuthenticatorContext) -> TrustedHeaders:
    """Build the engine from its variables."""
    variables = context.read(TrustedHeadersVariables)
    if UNIX in variables.trusted_proxies and not context.unix_peers_only:
        # A TCP peer whose address is gone must not pass for one of a unix socket (CVE-2026-76835).
        raise ValueError(
            f"{context.prefix}TRUSTED_PROXIES has unix, but SSO_BIND is not a unix socket"
        )
    return TrustedHeaders(context.name, variables, prefix=context.prefix)


class TrustedHeaders:
    """Takes an identity from headers that a trusted peer has set.

    Only the peer of the connection counts, never what a header says about it.
    """

    immediate = True

    def __init__(self, name: str, variables: TrustedHeadersVariables, *, prefix: str = "") -> None:
        self._name = name
        UNTRUSTED_PEERS.labels(name)  # there from the start, at 0
        self._variable = f"{prefix}TRUSTED_PROXIES"
        self._variables = variables
        self._trusted = Peers(variables.trusted_proxies)
        self._reported: FIFOCache[str, None] = FIFOCache(_MAX_REPORTED_PEERS)
        # What was read from the very same headers before is not read again: it depends on nothing
        # else, and a sign-on takes 92 us instead of 70 where it is (docs/performance.md).
        self._identity_in = lru_cache(_MAX_REMEMBERED_HEADERS)(self._read)
        self._reader = HeaderReader(variables)
        self._payload = _bytes(variables.payload_header)
        self._credentials = {_bytes(variables.subject_header), self._payload} - {b""}
        self._refused = {_bytes(header) for header in variables.refused_headers}
        self._secret_header = _bytes(variables.proxy_secret_header)
        self._read_headers = self._credentials | self._refused | self._reader.names
        self._read_headers |= {self._secret_header} - {b""}

    async def __call__(self, request: falcon.asgi.Request) -> Identity | None:
        """Return the identity in the peer's headers; `None` where the peer is not trusted."""
        received = tuple(
            [item for item in request.scope["headers"] if item[0] in self._read_headers]
        )
        peer = peer_address(request)
        if peer in self._trusted:
            self._check_secret(received)
            return self._identity_in(received)
        if self._has_credential(received):
            UNTRUSTED_PEERS.labels(self._name).inc()
            request.context.untrusted_peer = True
            self._report_once(UNIX if peer is None else plain_address(peer))
        return None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is legal in the configuration and likely wrong."""
        public = ", ".join(self._trusted.public_networks())
        reachable = f"{self._variable} has addresses of the internet: {public}"
        return (f"{reachable}; is each of them your own proxy's?",) if public else ()

    @property
    def believes(self) -> str:
        """Whom the identity is taken from."""
        variables = self._variables
        first = variables.payload_header or variables.subject_header
        secret = variables.proxy_secret_header
        proof = f", with the secret in {secret}" if secret else ""
        return f"{first} and the like of {', '.join(variables.trusted_proxies)}{proof}"

    def _report_once(self, peer: str) -> None:
        """Log a peer that is not trusted, and what to set if it is the login proxy."""
        if peer in self._reported:
            return
        self._reported[peer] = None
        trusted = ",".join((*self._variables.trusted_proxies, peer))
        remedy = (
            "only the login proxy may reach the service; if this is the login proxy: "
            f"{self._variable}={trusted}"
        )
        log.warning("untrusted_peer", peer=peer, variable=self._variable, remedy=remedy)

    def _has_credential(self, received: Received) -> bool:
        return any(value and name in self._credentials for name, value in received)

    def _check_secret(self, received: Received) -> None:
        secret = self._variables.proxy_secret
        if secret is None or not self._has_credential(received):
            return
        found = dict(received).get(self._secret_header, b"")
        if not hmac.compare_digest(found, secret.get_secret_value().encode()):
            raise InvalidCredential(
                "the proxy's secret is missing or wrong", cause=Cause.PROXY_SECRET
            )

    def _read(self, received: Received) -> Identity | None:
        """Return the identity in all the headers that count."""
        if not self._has_credential(received):
            return None
        headers = dict(received)
        if len(headers) != len(received):
            raise InvalidCredential("an identity header is repeated")
        if not self._refused.isdisjoint(headers):
            raise InvalidCredential("the request has one of REFUSED_HEADERS")
        fields, claims = self._reader.read(headers)
        if not headers.get(self._payload):
            return self._variables.identity_from(claims, **{"subject": "", **fields})
        told = payload(headers[self._payload], self._variables.payload_format)
        check_is_no_clients(told)
        return self._variables.identity_from(
            {**told, **claims}, numeric_subject=True, expires_at=expiry(told), **fields
        )


def _bytes(header: str | None) -> bytes:
    return (header or "").encode()
