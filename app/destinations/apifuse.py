"""APIFuse: the marketplace, and the page of one listing.

APIFuse's documentation: "Embed the marketplace", "JWT authentication".
"""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from app.claims import compile_template, merged
from app.destinations.destination import Destination, Shared
from app.destinations.handoff import Target
from app.destinations.parameters import ID
from app.destinations.token_claims import TEMPLATE_NAMES, TokenClaims
from app.destinations.variables import (
    ClaimTemplate,
    Path,
    Subdomain,
    TextTemplate,
    VendorId,
    checked_address,
    hmac_key_of,
    placeholders_of,
)
from app.settings.variables import Variables, WrongVariable
from app.tokens.jws import SigningKey

TOKEN_PARAMETER: Final = "jwt"


class ApifuseVariables(Variables):
    """The variables of APIFuse."""

    api_secret: SecretStr = Field(description="an active API secret; turns APIFuse on")
    org_id: VendorId = Field(description="organisation id from APIFuse")
    subdomain: Subdomain = Field(
        "", description="subdomain of a marketplace at https://<subdomain>.apifuse.io"
    )
    custom_domain: str = Field(
        "", description="domain or address of a marketplace elsewhere; instead of SUBDOMAIN"
    )
    token_lifetime_seconds: int = Field(
        300, ge=1, le=86400, description="seconds a token is valid; after that APIFuse answers 401"
    )
    monetization_plan: TextTemplate = Field(
        "", description="plan of the user, or a template for it"
    )
    connection: ClaimTemplate = Field(
        default_factory=dict, description="claim template of a prepared connection"
    )
    claims: ClaimTemplate = Field(
        default_factory=dict, description="claim template, merged over the default one"
    )
    anonymous: Literal["login", "redirect"] = Field(
        "login", description="where visitors without a session go: `login`, or on by `redirect`"
    )
    path: Path = Field("/apifuse-sso", description="path at which the service answers")

    @property
    def key(self) -> SigningKey:
        """The signing key."""
        return hmac_key_of(self.api_secret)

    @property
    def address(self) -> str:
        """The address of the marketplace."""
        return _with_scheme(self.custom_domain or f"{self.subdomain}.apifuse.io")

    @field_validator("api_secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr) -> SecretStr:
        hmac_key_of(secret)
        return secret

    @field_validator("custom_domain")
    @classmethod
    def _check_custom_domain(cls, domain: str) -> str:
        if domain:
            checked_address(_with_scheme(domain))
            if "?" in domain:
                raise ValueError("has a query, behind which no listing could stand; remove it")
        return domain

    @model_validator(mode="after")
    def _check_one_marketplace(self) -> Self:
        if bool(self.custom_domain) == bool(self.subdomain):
            wrong = "or APIFUSE_CUSTOM_DOMAIN is required; set exactly one of them"
            raise WrongVariable("subdomain", wrong)
        return self


def destinations(variables: ApifuseVariables, shared: Shared) -> list[Destination]:
    """Make the marketplace and the listing page."""
    listing = f"{variables.address.rstrip('/')}/listing/{{listing_id}}"
    return [
        _page(variables, shared, page="marketplace", path="", address=variables.address),
        _page(variables, shared, page="listing", path="/listing/{listing_id}", address=listing),
    ]


def _page(
    variables: ApifuseVariables, shared: Shared, *, page: str, path: str, address: str
) -> Destination:
    return Destination(
        name="apifuse",
        page=page,
        root=variables.path,
        route=f"{variables.path}{path}",
        key=variables.key,
        claims=TokenClaims(
            template=compile_template(_template(variables), TEMPLATE_NAMES),
            required=("orgId", "user.externalId"),
            lifetime_seconds=variables.token_lifetime_seconds,
            clock_skew_seconds=shared.clock_skew_seconds,
            now=shared.now,
        ),
        target=Target(
            address=address,
            token_parameter=TOKEN_PARAMETER,
            max_location_bytes=shared.max_location_bytes,
        ),
        ids=dict.fromkeys(placeholders_of(path), ID),
        anonymous=variables.anonymous == "redirect",
    )


def _template(variables: ApifuseVariables) -> dict[str, Any]:
    # nbf is never later than iat. In APIFuse's own sample it is 200 s later, and such a token does
    # not work for 200 s.
    template = {
        "iat": "{issued_at}",
        "nbf": "{issued_at}",
        "exp": "{expires_at}",
        "orgId": variables.org_id,
        "user": {
            "externalId": "{subject}",
            "firstname": "{given_name}",
            "lastname": "{family_name}",
            "email": "{email}",
            "monetizationPlan": variables.monetization_plan or None,
        },
        "connection": variables.connection,
    }
    return merged(template, variables.claims)


def _with_scheme(domain: str) -> str:
    return domain if "://" in domain else f"https://{domain}"
