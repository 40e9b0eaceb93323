"""APIFuse: the marketplace, and the page of one listing.

APIFuse's documentation: "Embed the marketplace", "JWT authentication".
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from app.claims import compile_template
from app.destinations.destination import Destination, Shared
from app.destinations.handoff import Target
from app.destinations.parameters import ID
from app.destinations.token_claims import TEMPLATE_NAMES, TokenClaims, merged
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
from app.settings.variables import Names, Variables, WrongVariable
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
    listing_claims: ClaimTemplate = Field(
        default_factory=dict, description="claim template, merged over those of a listing's page"
    )
    allowed_groups: Names = Field(
        (), description="groups of which a user must be in one; others are refused (403)"
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
    template = _template(variables)
    listing = _Page(
        "listing",
        "/listing/{listing_id}",
        f"{variables.address.rstrip('/')}/listing/{{listing_id}}",
        merged(template, variables.listing_claims),
    )
    pages = (_Page("marketplace", "", variables.address, template), listing)
    return [_destination(variables, shared, page) for page in pages]


class _Page(NamedTuple):
    """A page: our path to it under APIFUSE_PATH, its address, and what its tokens say."""

    name: str
    path: str
    address: str
    template: dict[str, Any]


def _destination(variables: ApifuseVariables, shared: Shared, page: _Page) -> Destination:
    return Destination(
        name="apifuse",
        page=page.name,
        root=variables.path,
        route=f"{variables.path}{page.path}",
        key=variables.key,
        claims=TokenClaims(
            template=compile_template(page.template, TEMPLATE_NAMES),
            required=("orgId", "user.externalId"),
            lifetime_seconds=variables.token_lifetime_seconds,
            clock_skew_seconds=shared.clock_skew_seconds,
            maps=shared.maps,
            now=shared.now,
        ),
        access=shared.access.also("APIFUSE_ALLOWED_GROUPS", variables.allowed_groups),
        target=Target(
            address=page.address,
            token_parameter=TOKEN_PARAMETER,
            max_location_bytes=shared.max_location_bytes,
        ),
        ids=dict.fromkeys(placeholders_of(page.path), ID),
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
