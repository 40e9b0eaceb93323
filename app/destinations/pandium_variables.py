"""The variables of Pandium, and the addresses that follow from them."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from app.claims import InvalidTemplate, compile_template
from app.destinations.parameters import ID, LOGIN_ATTEMPT, leads_away
from app.destinations.token_claims import INTEGRATION_NAMES
from app.destinations.variables import (
    ClaimTemplate,
    Path,
    Subdomain,
    VendorId,
    checked_address,
    hmac_key_of,
    repeated_parameters,
)
from app.settings.variables import JsonObject, Names, Variables, WrongVariable
from app.tokens.jws import SigningKey
from app.tokens.secret_encoding import SecretEncoding
from app.tokens.secrets import ShortSecret

MARKETPLACES: Final = {
    "production": "https://imp.pandium.io/{account}",
    "sandbox": "https://imp.sandbox.pandium.com/{account}",
    "demo": "https://imp.demo.pandium.com/{account}",
}
INSTALL_PAGES: Final = {
    "production": "https://imp.pandium.com/{account}/tenants/create/{integration_id}",
    "sandbox": "https://imp.sandbox.pandium.com/{account}/tenants/create/{integration_id}",
    "demo": "https://imp.demo.pandium.com/{account}/tenants/create/{integration_id}",
}
TOKEN_PARAMETER: Final = "tenant"

REQUIRED_OF_INTEGRATIONS: Final = ("connector_name", "integration_name")
"""What the install page needs to know of an integration."""


class PandiumVariables(Variables):
    """The variables of Pandium."""

    secret_encoding: SecretEncoding = Field("raw", description="encoding of SHARED_SECRET")
    allow_short_secret: bool = Field(
        default=False, description="accept a secret under 32 bytes, if Pandium chose it"
    )
    shared_secret: SecretStr = Field(description="secret shared with Pandium; turns Pandium on")
    environment: Literal["production", "sandbox", "demo"] = Field(
        "production", description="environment of Pandium"
    )
    sub_domain: Subdomain = Field(
        "", description="subdomain of a marketplace at https://<sub domain>.go.pandium.com/"
    )
    account: VendorId = Field(
        "", description="short name of the company, as in the integration hub's address"
    )
    marketplace_url: str = Field(
        "", description="address of a marketplace elsewhere; may contain {account}"
    )
    integrations: JsonObject = Field(
        default_factory=dict,
        description=(
            "integrations that may be installed, by id: objects of claim templates with "
            "connector_name and integration_name, for `ti.xti`"
        ),
    )
    install_url: str = Field(
        "",
        description="address of an install page elsewhere, with {integration_id} (and {account})",
    )
    claims: ClaimTemplate = Field(
        default_factory=dict, description="claim template, merged over the default one"
    )
    install_claims: ClaimTemplate = Field(
        default_factory=dict, description="claim template, merged over those of the install page"
    )
    allowed_groups: Names = Field(
        (), description="groups of which a user must be in one; others are refused (403)"
    )
    token_lifetime_seconds: int | None = Field(
        None, ge=1, le=86400, description="seconds a token is valid; unset: no `exp`"
    )
    forward_parameters: Names = Field(
        ("integration_id", "display", "integration_settings"),
        description="query parameters that Pandium gets, too",
    )
    path: Path = Field("/pandium-sso", description="path at which the service answers")

    @property
    def key(self) -> SigningKey:
        """The signing key."""
        return hmac_key_of(
            self.shared_secret, self.secret_encoding, allow_short=self.allow_short_secret
        )

    @property
    def marketplace_address(self) -> str:
        """The marketplace."""
        address = self.marketplace_url or MARKETPLACES[self.environment]
        if self.sub_domain and not self.marketplace_url:
            address = f"https://{self.sub_domain}.go.pandium.com/"
        return address.replace("{account}", self.account)

    @property
    def install_address(self) -> str:
        """The install page, with `{integration_id}`."""
        address = self.install_url or INSTALL_PAGES[self.environment]
        return address.replace("{account}", self.account)

    @field_validator("marketplace_url")
    @classmethod
    def _check_marketplace_url(cls, address: str) -> str:
        return checked_address(address, "account") if address else address

    @field_validator("install_url")
    @classmethod
    def _check_install_url(cls, address: str) -> str:
        if address and "{integration_id}" not in checked_address(
            address, "account", "integration_id"
        ):
            raise ValueError("must contain {integration_id}")
        return address

    @field_validator("integrations")
    @classmethod
    def _check_integrations(cls, integrations: dict[str, Any]) -> dict[str, Any]:
        for integration_id, names in integrations.items():
            if not ID.fullmatch(integration_id):
                raise ValueError(f"{integration_id!r} must consist of letters, digits, - and _")
            for name in REQUIRED_OF_INTEGRATIONS:
                if not isinstance(names, dict) or not isinstance(names.get(name), str):
                    raise ValueError(f"{integration_id!r} has no {name}; set it to a string")  # noqa: TRY004 - pydantic wants ValueError
            try:
                compile_template(names, INTEGRATION_NAMES)
            except InvalidTemplate as error:
                raise ValueError(f"{integration_id!r} {error}") from None
        return integrations

    @field_validator("forward_parameters")
    @classmethod
    def _check_token_parameter(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if TOKEN_PARAMETER in names:
            raise ValueError(f"contains {TOKEN_PARAMETER}, which carries the token; remove it")
        if LOGIN_ATTEMPT in names:
            raise ValueError(f"contains {LOGIN_ATTEMPT}, which is the service's own; remove it")
        for name in filter(leads_away, names):
            wrong = "by which users and their tokens could be sent to another site"
            raise ValueError(f"contains {name}, {wrong}; remove it")
        return names

    @model_validator(mode="after")
    def _check_secret(self) -> Self:
        try:
            _ = self.key
        except ShortSecret as error:
            wrong = f"{error}; if Pandium chose it, set PANDIUM_ALLOW_SHORT_SECRET=true"
            raise WrongVariable("shared_secret", wrong) from None
        except ValueError as error:
            raise WrongVariable("shared_secret", str(error)) from None
        return self

    @model_validator(mode="after")
    def _check_queries(self) -> Self:
        for field in ("marketplace_url", "install_url"):
            for name in repeated_parameters(
                getattr(self, field), TOKEN_PARAMETER, *self.forward_parameters
            ):
                raise WrongVariable(field, f"has {name} in its query already; remove it there")
        return self

    @model_validator(mode="after")
    def _check_account(self) -> Self:
        if self.account:
            return self
        if not self.marketplace_url and not self.sub_domain:
            wrong = "is required, or PANDIUM_SUB_DOMAIN or PANDIUM_MARKETPLACE_URL"
            raise WrongVariable("account", wrong)
        for field, address in (
            ("marketplace_url", self.marketplace_url),
            ("install_url", self.install_url),
        ):
            if "{account}" in address:
                raise WrongVariable(field, "contains {account}, so PANDIUM_ACCOUNT is required")
        if self.integrations and not self.install_url:
            wrong = "is required by PANDIUM_INTEGRATIONS, or PANDIUM_INSTALL_URL"
            raise WrongVariable("account", wrong)
        return self
