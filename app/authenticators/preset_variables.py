"""Variables of single presets, and what follows from them for their engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from app.settings.addresses import checked
from app.settings.variables import HttpsAddress, Names, Variables

if TYPE_CHECKING:
    from collections.abc import Mapping


def _host(host: str) -> str:
    if checked(f"https://{host}/").count("/") != len("///") or "?" in host:
        raise ValueError("is no host, or host and port")
    return host


Host = Annotated[str, AfterValidator(_host)]
HostLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class Derived(Variables):
    """Variables of one preset, from which defaults of its engine follow."""

    def defaults(self) -> Mapping[str, Any]:
        """Give the defaults that follow."""
        return {}


class EasyAuthIsOn(Variables):
    """What App Service sets where its authentication strips forged headers."""

    website_auth_enabled: bool = False

    @field_validator("website_auth_enabled")
    @classmethod
    def _is_on(cls, enabled: bool) -> bool:  # noqa: FBT001 - the signature is pydantic's
        if not enabled:
            raise ValueError("is not true: without App Service's authentication anyone is anybody")
        return enabled


class OidcIssuer(Derived):
    """OpenID Connect Discovery 1.0, section 4: where the document stands."""

    issuer: HttpsAddress = Field(description="required: the provider's `iss`, as it writes it")

    def defaults(self) -> Mapping[str, Any]:
        """Give the document's address."""
        return {"discovery_url": f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"}


class CloudflareTeam(Derived):
    """Cloudflare, "Validate JWTs": issuer and keys of a team."""

    team: HostLabel = Field(description="required: the team's name: <team>.cloudflareaccess.com")

    def defaults(self) -> Mapping[str, Any]:
        """Give the team's issuer and keys."""
        site = f"https://{self.team}.cloudflareaccess.com"
        return {"issuer": site, "jwks_url": f"{site}/cdn-cgi/access/certs"}


class PomeriumHost(Derived):
    """Pomerium, "JWT Verification": the route's host is audience and issuer."""

    host: Host = Field(description="required: the host of the route, as browsers see it")

    def defaults(self) -> Mapping[str, Any]:
        """Give the route's audience, issuers and keys."""
        return {
            "audience": self.host,
            "issuer": f"{self.host},https://{self.host}/",
            "jwks_url": f"https://{self.host}/.well-known/pomerium/jwks.json",
        }


class TeleportCluster(Derived):
    """Teleport, "Use JWT tokens with application access"."""

    proxy: Host = Field(description="required: the proxy's host, and port if it is not 443")
    cluster: str = Field(min_length=1, description="required: the cluster's name, its `iss`")

    def defaults(self) -> Mapping[str, Any]:
        """Give the cluster's issuer and the proxy's keys."""
        return {
            "issuer": self.cluster,
            "jwks_url": f"https://{self.proxy}/.well-known/jwks.json",
        }


class AppDirectTenants(Derived):
    """AppDirect's token names no issuer and no audience: the partner's id stands for both."""

    tenants: Names = Field((), description="required: the ids of the partners that are let in")

    @field_validator("tenants")
    @classmethod
    def _they_are_named(cls, tenants: tuple[str, ...]) -> tuple[str, ...]:
        if not tenants:
            raise ValueError("is required: a token of any other partner must not pass")
        return tenants

    def defaults(self) -> Mapping[str, Any]:
        """Demand that `tenant` is one of them."""
        return {"required_claims": {"tenant": list(self.tenants)}}
