"""APIFuse: the marketplace, and the page of one listing.

APIFuse's documentation: "Embed the marketplace", "JWT authentication".
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.claims import compile_template, merged
from app.destinations.destination import TEMPLATE_NAMES, Destination
from app.destinations.parameters import ID
from app.destinations.variables import (
    ClaimTemplate,
    Path,
    Subdomain,
    VendorId,
    checked_template,
    secret_key,
)
from app.settings.variables import Variables
from app.tokens.jws import SigningKey

TOKEN_PARAMETER: Final = "jwt"


class ApifuseVariables(Variables):
    """The variables of APIFuse."""

    api_secret: SecretStr = Field(description="an active API secret; switches it on")
    org_id: VendorId = Field(description="the organisation id from APIFuse")
    subdomain: Subdomain = Field(
        "", description="the marketplace at https://<subdomain>.apifuse.io"
    )
    custom_domain: str = Field("", description="or at this domain, or address")
    token_lifetime_seconds: int = Field(
        300, ge=1, le=86400, description="after it APIFuse answers 401"
    )
    monetization_plan: str = Field("", description="the plan, or a template for it")
    connection: ClaimTemplate = Field(
        default_factory=dict, description="a prepared connection, as a template"
    )
    claims: ClaimTemplate = Field(
        default_factory=dict, description="merged over the default claim template"
    )
    anonymous: Literal["login", "redirect"] = Field(
        "login", description="what visitors without a session get: a login, or the marketplace"
    )
    path: Path = Field("/apifuse-sso", description="where the service answers")

    @property
    def key(self) -> SigningKey:
        """The signing key."""
        return secret_key(self.api_secret, "raw", allow_short=False)

    @field_validator("api_secret")
    @classmethod
    def _the_secret_signs(cls, secret: SecretStr) -> SecretStr:
        secret_key(secret, "raw", allow_short=False)
        return secret

    @field_validator("custom_domain")
    @classmethod
    def _there_is_a_marketplace(cls, domain: str, info: ValidationInfo) -> str:
        if domain:
            checked_template(_address(domain))
        if bool(domain) == bool(info.data.get("subdomain", "?")) and "subdomain" in info.data:
            raise ValueError("or APIFUSE_SUBDOMAIN is required, and not both")
        return domain

    @field_validator("monetization_plan")
    @classmethod
    def _the_plan_is_a_template(cls, plan: str) -> str:
        compile_template(plan, TEMPLATE_NAMES)
        return plan


def destinations(variables: ApifuseVariables) -> list[Destination]:
    """Give the marketplace and the listing page."""
    address = _address(variables.custom_domain or f"{variables.subdomain}.apifuse.io")
    return [
        _page(variables, "marketplace", variables.path, address),
        _page(
            variables,
            "listing",
            f"{variables.path}/listing/{{listing_id}}",
            f"{address.rstrip('/')}/listing/{{listing_id}}",
            "listing_id",
        ),
    ]


def _page(
    variables: ApifuseVariables, page: str, route: str, address: str, *ids: str
) -> Destination:
    return Destination(
        name="apifuse",
        page=page,
        root=variables.path,
        route=route,
        address=address,
        token_parameter=TOKEN_PARAMETER,
        key=variables.key,
        claims=compile_template(_template(variables), TEMPLATE_NAMES),
        required=("orgId", "user.externalId"),
        lifetime_seconds=variables.token_lifetime_seconds,
        anonymous=variables.anonymous == "redirect",
        ids=dict.fromkeys(ids, ID),
    )


def _template(variables: ApifuseVariables) -> dict[str, Any]:
    # nbf is never later than iat: APIFuse's own sample has it 200 s later, and with it a token
    # does not work for 200 s.
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


def _address(domain: str) -> str:
    return domain if "://" in domain else f"https://{domain}"
