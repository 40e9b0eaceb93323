"""Logins that write who is signed in into headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.authenticators.preset import Preset
from app.authenticators.preset_variables import EasyAuthIsOn


def _headers(**defaults: Any) -> Preset:  # noqa: ANN401 - defaults of TrustedHeadersVariables
    return Preset("headers.engine", defaults)


PRESETS: Final[Mapping[str, Preset]] = {
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
    # gogatekeeper, "Upstream headers"; with `add-claims: [email_verified]` it sends that, too
    "gatekeeper": _headers(
        subject_header="X-Auth-Subject",
        email_header="X-Auth-Email",
        name_header="X-Auth-Username",
        groups_header="X-Auth-Groups",
        claim_headers="email_verified=X-Auth-Email-Verified",
    ),
    # Vouch Proxy, "Scopes and claims"
    "vouch": _headers(
        subject_header="X-Vouch-User",
        email_header="X-Vouch-IdP-Claims-Email",
        name_header="X-Vouch-IdP-Claims-Name",
        groups_header="X-Vouch-IdP-Claims-Groups",
        given_name_header="X-Vouch-IdP-Claims-Given-Name",
        family_name_header="X-Vouch-IdP-Claims-Family-Name",
        claim_headers="email_verified=X-Vouch-IdP-Claims-Email-Verified",
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
    # default prefix has underscores, and such names never count. Since 2.4.20 it escapes commas
    "apache-oidc": _headers(
        subject_header="X-Oidc-sub",
        email_header="X-Oidc-email",
        name_header="X-Oidc-name",
        groups_header="X-Oidc-groups",
        groups_escape="\\",
        claim_headers="email_verified=X-Oidc-email-verified",  # as the recipe calls it
        encoding="base64url",
    ),
}
