"""Variables of single presets, and the defaults of their engine that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, field_validator

from app.settings.addresses import checked
from app.settings.variables import HttpsAddress, Names, Variables

if TYPE_CHECKING:
    from collections.abc import Mapping


def _host(host: str) -> str:
    if checked(f"https://{host}/").count("/") != len("///") or "?" in host:
        raise ValueError("is not a host, or host and port")
    return host


Host = Annotated[str, AfterValidator(_host)]
HostLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class Derived(Variables):
    """Variables of one preset, from which defaults of its engine follow."""

    def defaults(self) -> Mapping[str, Any]:
        """Return the defaults that follow."""
        return {}


class EasyAuthIsOn(Variables):
    """App Service sets it if its authentication is on, which strips forged headers."""

    website_auth_enabled: bool = False

    @field_validator("website_auth_enabled")
    @classmethod
    def _check_is_on(cls, enabled: bool) -> bool:  # noqa: FBT001 - the signature is pydantic's
        if not enabled:
            raise ValueError(
                "is not true: without App Service's authentication anyone can be anybody"
            )
        return enabled


class OidcIssuer(Derived):
    """OpenID Connect Discovery 1.0, section 4: where the document stands."""

    issuer: HttpsAddress = Field(description="required: the provider's `iss`, as it writes it")

    def defaults(self) -> Mapping[str, Any]:
        """Return the document's address."""
        return {"discovery_url": f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"}


class CloudflareTeam(Derived):
    """Cloudflare, "Validate JWTs": issuer and keys of a team."""

    team: HostLabel = Field(description="required: the team's name: <team>.cloudflareaccess.com")

    def defaults(self) -> Mapping[str, Any]:
        """Return the team's issuer and keys."""
        site = f"https://{self.team}.cloudflareaccess.com"
        return {"issuer": site, "jwks_url": f"{site}/cdn-cgi/access/certs"}


class PomeriumHost(Derived):
    """Pomerium, "JWT Verification": the route's host, without a port, is audience and issuer."""

    host: Host = Field(
        description="required: the host of the route, and port if it is not 443, as browsers see it"
    )

    def defaults(self) -> Mapping[str, Any]:
        """Return the route's audience, issuers and keys."""
        name = urlsplit(f"https://{self.host}/").hostname
        return {
            "audience": name,
            "issuer": f"{name},https://{name}/",
            "jwks_url": f"https://{self.host}/.well-known/pomerium/jwks.json",
        }


class TeleportCluster(Derived):
    """Teleport, "Use JWT tokens with application access"."""

    proxy: Host = Field(description="required: the proxy's host, and port if it is not 443")
    cluster: str = Field(min_length=1, description="required: the cluster's name, its `iss`")

    def defaults(self) -> Mapping[str, Any]:
        """Return the cluster's issuer and the proxy's keys."""
        return {
            "issuer": self.cluster,
            "jwks_url": f"https://{self.proxy}/.well-known/jwks.json",
        }


class AppDirectTenants(Derived):
    """AppDirect's token has no issuer and no audience: the partner's id stands for both."""

    tenants: Names = Field((), description="required: the ids of the partners to accept")

    @field_validator("tenants")
    @classmethod
    def _check_tenants(cls, tenants: tuple[str, ...]) -> tuple[str, ...]:
        if not tenants:
            raise ValueError("is required: a token of any other partner must not pass")
        return tenants

    def defaults(self) -> Mapping[str, Any]:
        """Return that `tenant` must be one of them."""
        return {"required_claims": {"tenant": list(self.tenants)}}
