"""Unsigned identity headers, believed from known peers only."""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

import structlog
from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.authenticators.claim_names import ClaimNames, expiry
from app.authenticators.headers.header_values import payload
from app.authenticators.headers.identity_headers import HeaderReader, IdentityHeaders
from app.errors import InvalidCredential
from app.identity import Identity
from app.resources.fetch_metadata import peer_address
from app.settings.variables import HeaderName, HeaderNames, Names
from app.telemetry.metrics import UNTRUSTED_PEERS

if TYPE_CHECKING:
    import falcon.asgi

    from app.authenticators.contract import AuthenticatorContext

UNIX: Final = "unix"
"""How unix-socket peers are named among the trusted proxies."""

_PEERS_REMEMBERED = 1024
_HEADERS_REMEMBERED = 256

Received = tuple[tuple[bytes, bytes], ...]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

log = structlog.get_logger(__name__)


class TrustedHeadersVariables(ClaimNames, IdentityHeaders):
    """The variables of the engine `trusted-headers`."""

    trusted_proxies: Names = Field(
        (), description="required: addresses of the login proxy; `unix` for unix-socket peers"
    )
    proxy_secret_header: HeaderName | None = Field(None, description="a second gate: its header")
    proxy_secret: SecretStr | None = Field(None, description="and the value that it must have")
    payload_header: HeaderName | None = Field(None, description="claims in one header instead")
    payload_format: Literal["base64-json", "base64url-json", "azure-principal"] = Field(
        "base64-json", description="how they are encoded"
    )
    refused_headers: HeaderNames = Field(
        (), description="headers whose presence refuses the request"
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_named(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        if not proxies:
            raise ValueError("is required: the address of your login proxy, like 10.0.3.7/32")
        networks = [network for proxy in proxies if (network := _network(proxy)) is not None]
        v4 = [network for network in networks if isinstance(network, ipaddress.IPv4Network)]
        v6 = [network for network in networks if isinstance(network, ipaddress.IPv6Network)]
        together: list[Network] = [*ipaddress.collapse_addresses(v4)]
        together += ipaddress.collapse_addresses(v6)
        if any(network.prefixlen == 0 for network in together):
            raise ValueError("trusts everybody; name the proxy's own address")
        return proxies

    @field_validator("proxy_secret")
    @classmethod
    def _the_secret_has_a_header(cls, secret: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - as it came
        if (secret is None) != (info.data.get("proxy_secret_header") is None):
            raise ValueError("goes together with the variable of its header: set both or none")
        return secret


VARIABLES: Final = TrustedHeadersVariables


def from_settings(context: AuthenticatorContext) -> TrustedHeaders:
    """Build the engine from its variables."""
    variables = context.read(TrustedHeadersVariables)
    if UNIX in variables.trusted_proxies and not context.unix_peers_only:
        # A TCP peer whose address is gone must not pass for one of a unix socket (CVE-2026-76835).
        raise ValueError(
            f"{context.prefix}TRUSTED_PROXIES has unix, but SSO_BIND is no unix socket"
        )
    return TrustedHeaders(context.name, variables)


class TrustedHeaders:
    """Takes an identity from headers that a trusted peer has set.

    Only the peer of the connection counts, never what a header says of it. What the very same
    headers have said before is not read again.
    """

    def __init__(self, name: str, variables: TrustedHeadersVariables) -> None:
        self._name = name
        proxies = variables.trusted_proxies
        self._networks = [network for text in proxies if (network := _network(text)) is not None]
        self._trusts_unix = UNIX in proxies
        self._trusts_address = lru_cache(_PEERS_REMEMBERED)(self._is_in_a_network)
        self._report_once = lru_cache(_PEERS_REMEMBERED)(_report)
        self._identity_in = lru_cache(_HEADERS_REMEMBERED)(self._read)
        self._variables = variables
        self._reader = HeaderReader(variables)
        self._payload = _bytes(variables.payload_header)
        self._credentials = {_bytes(variables.subject_header), self._payload} - {b""}
        self._refused = {_bytes(header) for header in variables.refused_headers}
        self._secret_header = _bytes(variables.proxy_secret_header)
        self._known = self._credentials | self._refused | self._reader.names
        self._known |= {self._secret_header} - {b""}

    async def __call__(self, request: falcon.asgi.Request) -> Identity | None:
        """Give the identity that the peer's headers name; `None` where it is not trusted."""
        received = tuple([item for item in request.scope["headers"] if item[0] in self._known])
        peer = peer_address(request)
        if self._trusts_unix if peer is None else self._trusts_address(peer):
            self._check_secret(received)
            return self._identity_in(received)
        if self._has_credential(received):
            UNTRUSTED_PEERS.labels(self._name).inc()
            self._report_once(peer or UNIX)
        return None

    def _is_in_a_network(self, address: str) -> bool:
        ip = ipaddress.ip_address(address)
        ip = getattr(ip, "ipv4_mapped", None) or ip  # an IPv4 peer of a dual-stack socket
        return any(ip in network for network in self._networks)

    def _has_credential(self, received: Received) -> bool:
        return any(value and name in self._credentials for name, value in received)

    def _check_secret(self, received: Received) -> None:
        secret = self._variables.proxy_secret
        if secret is None or not self._has_credential(received):
            return
        found = dict(received).get(self._secret_header, b"")
        if not hmac.compare_digest(found, secret.get_secret_value().encode()):
            raise InvalidCredential("the proxy's secret is not there or not right")

    def _read(self, received: Received) -> Identity | None:
        """Give the identity in all that is known of a request, and that depends on nothing else."""
        if not self._has_credential(received):
            return None
        headers = dict(received)
        if len(headers) != len(received):
            raise InvalidCredential("an identity header comes twice")
        if not self._refused.isdisjoint(headers):
            raise InvalidCredential("a header is there with which nobody is believed")
        fields = self._reader.read(headers)
        if not headers.get(self._payload):
            return Identity(**fields)
        claims = payload(headers[self._payload], self._variables.payload_format)
        return self._variables.identity_from(claims, expires_at=expiry(claims), **fields)


def _network(text: str) -> Network | None:
    """Read one trusted proxy; `None` stands for unix-socket peers.

    Raises:
        ValueError: not a network.
    """
    if text == UNIX:
        return None
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is no network like 10.0.3.7/32 or 10.0.3.0/24") from None


def _bytes(header: str | None) -> bytes:
    return (header or "").encode()


def _report(peer: str) -> None:
    log.warning("untrusted_peer", peer=peer, remedy="only the login proxy may reach the service")
