"""Logins that sign a token with who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.authenticators.jwt import google_iap
from app.authenticators.preset import Preset
from app.authenticators.preset_variables import (
    AppDirectTenants,
    CloudflareTeam,
    Derived,
    OidcIssuer,
    PomeriumHost,
    TeleportCluster,
)


def _jwt(derived: type[Derived] = Derived, **defaults: Any) -> Preset:  # noqa: ANN401 - defaults of JwtVariables
    return Preset("jwt.engine", defaults, derived=derived)


PRESETS: Final[Mapping[str, Preset]] = {
    "jwt": _jwt(),
    "oidc": _jwt(
        OidcIssuer,
        header="Authorization",
        header_prefix="Bearer",
        algorithms="RS256,PS256,ES256",
        token_type="JWT,at+jwt",  # RFC 9068, section 2.1
    ),
    "session-cookie": _jwt(cookie="session", algorithms="HS256"),
    # Google Cloud, "Securing your app with signed headers". One set of keys is for all of Google's
    # customers: only the audience tells whose the token is
    "google-iap": _jwt(
        header="X-Goog-IAP-JWT-Assertion",
        algorithms="ES256",
        issuer=google_iap.ISSUER,
        jwks_url="https://www.gstatic.com/iap/verify/public_key-jwk",
        leeway_seconds=30,
        org_id_claim="hd|gcip.firebase.tenant",
    ),
    # Cloudflare, "Application token": a service's token has no `sub`, and signs nobody on
    "cloudflare-access": _jwt(
        CloudflareTeam,
        header="Cf-Access-Jwt-Assertion",
        algorithms="RS256",
        required_claims={"type": "app"},
    ),
    # Pomerium, "JWT Verification"; `signing_key` may be of either kind
    "pomerium": _jwt(PomeriumHost, header="X-Pomerium-Jwt-Assertion", algorithms="ES256,RS256"),
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
}
