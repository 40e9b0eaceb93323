"""Presets: for each known login, the engine that reads it and defaults for its variables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from app.authenticators.preset_variables import (
    AppDirectTenants,
    CloudflareTeam,
    Derived,
    EasyAuthIsOn,
    OidcIssuer,
    PomeriumHost,
    TeleportCluster,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.authenticators.contract import Reader
    from app.settings.variables import Variables


@dataclass(frozen=True, slots=True)
class Preset:
    """An engine's module in this package, defaults for its variables, and a condition to check."""

    engine: str
    defaults: Mapping[str, Any] = field(default_factory=dict)
    condition: type[Variables] | None = None
    derived: type[Derived] = Derived

    def read_defaults(self, reader: Reader, prefix: str) -> Mapping[str, Any]:
        """Return the defaults, with those that follow from the preset's own variables.

        Raises:
            InvalidSettings: the condition does not hold, or a variable is wrong.
        """
        if self.condition is not None:
            reader(self.condition, prefix="", defaults={})
        return {**self.defaults, **reader(self.derived, prefix=prefix, defaults={}).defaults()}


def _jwt(derived: type[Derived] = Derived, **defaults: Any) -> Preset:  # noqa: ANN401 - defaults of JwtVariables
    return Preset("jwt.engine", defaults, derived=derived)


def _headers(**defaults: Any) -> Preset:  # noqa: ANN401 - defaults of TrustedHeadersVariables
    return Preset("headers.engine", defaults)


BUILT_IN: Final[Mapping[str, Preset]] = {
    "trusted-headers": _headers(),
    # oauth2-proxy, "Configuration overview": --pass-user-headers
    "oauth2-proxy": _headers(
        subject_header="X-Forwarded-User",
        email_header="X-Forwarded-Email",
        name_header="X-Forwarded-Preferred-Username",
        groups_header="X-Forwarded-Groups",
    ),
    # oauth2-proxy, "Configuring for use with the Nginx auth_request directive": --set-xauthrequest
    "oauth2-proxy-nginx": _headers(
        subject_header="X-Auth-Request-User",
        email_header="X-Auth-Request-Email",
        name_header="X-Auth-Request-Preferred-Username",
        groups_header="X-Auth-Request-Groups",
    ),
    # Authelia, "Trusted Header SSO"
    "authelia": _headers(
        subject_header="Remote-User",
        email_header="Remote-Email",
        name_header="Remote-Name",
        groups_header="Remote-Groups",
    ),
    # authentik, "Proxy provider": headers
    "authentik-headers": _headers(
        subject_header="X-authentik-uid",
        email_header="X-authentik-email",
        name_header="X-authentik-name",
        groups_header="X-authentik-groups",
        groups_separator="|",
    ),
    # Tailscale, "Tailscale Serve": identity headers; a funnelled request comes from the internet
    "tailscale": _headers(
        subject_header="Tailscale-User-Login",
        email_header="Tailscale-User-Login",
        name_header="Tailscale-User-Name",
        encoding="rfc2047",
        refused_headers=("Tailscale-Funnel-Request",),
    ),
    # Azure App Service, "Work with user identities"
    "azure-easy-auth": Preset(
        "headers.engine",
        {
            "subject_header": "X-MS-CLIENT-PRINCIPAL-ID",
            "payload_header": "X-MS-CLIENT-PRINCIPAL",
            "payload_format": "azure-principal",
            "email_claim": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress|email",
            "name_header": "X-MS-CLIENT-PRINCIPAL-NAME",
            "org_id_claim": "http://schemas.microsoft.com/identity/claims/tenantid|tid",
        },
        condition=EasyAuthIsOn,
    ),
    # gogatekeeper, "Upstream headers"
    "gatekeeper": _headers(
        subject_header="X-Auth-Subject",
        email_header="X-Auth-Email",
        name_header="X-Auth-Username",
        groups_header="X-Auth-Groups",
    ),
    # Vouch Proxy, "Scopes and claims"
    "vouch": _headers(
        subject_header="X-Vouch-User",
        email_header="X-Vouch-IdP-Claims-Email",
        name_header="X-Vouch-IdP-Claims-Name",
        groups_header="X-Vouch-IdP-Claims-Groups",
    ),
    # kong-oidc, "Usage"
    "kong-oidc": _headers(
        subject_header=None, payload_header="X-Userinfo", payload_format="base64-json"
    ),
    # Envoy, "JWT authentication": forward_payload_header
    "envoy-payload": _headers(
        subject_header=None, payload_header="x-jwt-payload", payload_format="base64url-json"
    ),
    # mod_auth_openidc with OIDCClaimPrefix "X-Oidc-" and OIDCPassClaimsAs headers base64url; its
    # default prefix has underscores, and such names never count
    "apache-oidc": _headers(
        subject_header="X-Oidc-sub",
        email_header="X-Oidc-email",
        name_header="X-Oidc-name",
        groups_header="X-Oidc-groups",
        encoding="base64url",
    ),
    "jwt": _jwt(),
    "oidc": _jwt(
        OidcIssuer,
        header="Authorization",
        header_prefix="Bearer",
        algorithms="RS256,PS256,ES256",
    ),
    "session-cookie": _jwt(cookie="session", algorithms="HS256"),
    # Google Cloud, "Securing your app with signed headers". One set of keys is for all of Google's
    # customers: only the audience tells whose the token is
    "google-iap": _jwt(
        header="X-Goog-IAP-JWT-Assertion",
        algorithms="ES256",
        issuer="https://cloud.google.com/iap",
        jwks_url="https://www.gstatic.com/iap/verify/public_key-jwk",
        leeway_seconds=30,
        org_id_claim="hd",
    ),
    # Cloudflare, "Application token": a service's token has no `sub`, and signs nobody on
    "cloudflare-access": _jwt(
        CloudflareTeam,
        header="Cf-Access-Jwt-Assertion",
        algorithms="RS256",
        required_claims={"type": "app"},
    ),
    # Pomerium, "JWT Verification"
    "pomerium": _jwt(PomeriumHost, header="X-Pomerium-Jwt-Assertion", algorithms="ES256"),
    # authentik, "Proxy provider": signed with the client secret unless a signing key is chosen
    "authentik": _jwt(header="X-authentik-jwt", algorithms="HS256"),
    # Teleport, "Use JWT tokens with application access"
    "teleport": _jwt(
        TeleportCluster,
        header="Teleport-Jwt-Assertion",
        algorithms="RS256,ES256",
        groups_claim="roles",
    ),
    # AppDirect, "Secure token for extensions": the claim `name` is the user's e-mail address
    "appdirect": _jwt(
        AppDirectTenants,
        header="Authorization",
        header_prefix="Bearer",
        algorithms="RS256",
        issuer="-",
        audience="-",
        email_claim="name",
        name_claim="",
        org_id_claim="tenant",
    ),
    # AWS, "Authenticate users using an Application Load Balancer"
    "aws-alb": Preset("jwt.aws_alb"),
    # The host application says itself who is signed in, as JSON to the browser's cookies
    "introspection": Preset(
        "introspection.engine",
        {
            "mode": "me",
            "subject_claim": "id",
            "org_id_claim": "org.id",
            "org_name_claim": "org.name",
            "groups_claim": "",
        },
    ),
    # What nginx asks with auth_request and Traefik with forwardAuth, like oauth2-proxy's
    # /oauth2/auth, is asked by the service itself
    "forward-auth": Preset(
        "introspection.engine",
        {
            "mode": "forward-auth",
            "subject_header": "X-Auth-Request-User",
            "email_header": "X-Auth-Request-Email",
            "name_header": "X-Auth-Request-Preferred-Username",
            "groups_header": "X-Auth-Request-Groups",
        },
    ),
    # RFC 7662: an authorization server says whose token it is
    "rfc7662": Preset("introspection.engine", {"mode": "rfc7662"}),
}
