"""Pandium: the in-app marketplace, and the install-only page of each integration.

Pandium's documentation: "Embedding the In-App Marketplace", "Embedding the Integration Install
Only", "Customizing the JWT".
"""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.claims import compile_template, merged
from app.destinations.destination import TEMPLATE_NAMES, Destination
from app.destinations.parameters import ID, TEXT
from app.destinations.variables import (
    ClaimTemplate,
    Path,
    SecretEncoding,
    Subdomain,
    VendorId,
    checked_template,
    secret_key,
)
from app.settings.variables import JsonObject, Names, Variables
from app.tokens.jws import SigningKey

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

CLAIMS: Final[dict[str, Any]] = {
    "iat": "{issued_at}",
    "jti": "{token_id}",
    "exp": "{expires_at}",
    "sub": "{email}",
    "external_id": "{external_id}",
    "ti": {
        "udn": "{name}",
        "ufn": "{name}",
        "uem": "{email}",
        "aid": "{org_id}",
        "adn": "{org_name}",
    },
}
"""The default template; an empty optional claim is left out."""

_REQUIRED_OF_AN_INTEGRATION = ("connector_name", "integration_name")


class PandiumVariables(Variables):
    """The variables of Pandium."""

    secret_encoding: SecretEncoding = Field("raw", description="how the secret is written")
    allow_short_secret: bool = Field(
        default=False, description="accept a secret under 32 bytes, where Pandium chose it"
    )
    shared_secret: SecretStr = Field(description="the secret shared with Pandium; switches it on")
    environment: Literal["production", "sandbox", "demo"] = Field(
        "production", description="which of Pandium's environments"
    )
    sub_domain: Subdomain = Field(
        "", description="the marketplace at https://<sub domain>.go.pandium.com/"
    )
    account: VendorId = Field(
        "", description="the company's short name, as in the integration hub's address"
    )
    marketplace_url: str = Field("", description="another marketplace address; may have {account}")
    integrations: JsonObject = Field(
        default_factory=dict,
        description="what may be installed: id to connector_name, integration_name and more",
    )
    install_url: str = Field(
        "", description="another install address; may have {account}, {integration_id}"
    )
    claims: ClaimTemplate = Field(
        default_factory=dict, description="merged over the default claim template"
    )
    token_lifetime_seconds: int | None = Field(
        None, ge=1, le=86400, description="unset: no exp, as Pandium documents it"
    )
    forward_parameters: Names = Field(
        ("integration_id", "display", "integration_settings"),
        description="query parameters that are passed on",
    )
    path: Path = Field("/pandium-sso", description="where the service answers")

    @property
    def key(self) -> SigningKey:
        """The signing key."""
        return secret_key(
            self.shared_secret, self.secret_encoding, allow_short=self.allow_short_secret
        )

    @field_validator("shared_secret")
    @classmethod
    def _the_secret_signs(cls, secret: SecretStr, info: ValidationInfo) -> SecretStr:
        if "secret_encoding" in info.data and "allow_short_secret" in info.data:
            secret_key(
                secret,
                info.data["secret_encoding"],
                allow_short=info.data["allow_short_secret"],
            )
        return secret

    @field_validator("marketplace_url")
    @classmethod
    def _there_is_a_marketplace(cls, address: str, info: ValidationInfo) -> str:
        if address:
            _with_account(checked_template(address, "account"), info)
        elif not info.data.get("account", "?") and not info.data.get("sub_domain", "?"):
            raise ValueError("or PANDIUM_ACCOUNT or PANDIUM_SUB_DOMAIN is required")
        return address

    @field_validator("integrations")
    @classmethod
    def _integrations_are_named(cls, integrations: dict[str, Any]) -> dict[str, Any]:
        for integration_id, names in integrations.items():
            if not ID.fullmatch(integration_id):
                raise ValueError(f"{integration_id!r} is no id of letters, digits, - and _")
            for name in _REQUIRED_OF_AN_INTEGRATION:
                if not isinstance(names, dict) or not isinstance(names.get(name), str):
                    raise ValueError(f"{integration_id!r} has no {name}, a string")  # noqa: TRY004 - pydantic wants ValueError
        return integrations

    @field_validator("install_url")
    @classmethod
    def _there_is_an_install_page(cls, address: str, info: ValidationInfo) -> str:
        if address:
            _with_account(checked_template(address, "account", "integration_id"), info)
            if "{integration_id}" not in address:
                raise ValueError("lacks {integration_id}")
        elif info.data.get("integrations") and not info.data.get("account", "?"):
            raise ValueError("or PANDIUM_ACCOUNT is required by PANDIUM_INTEGRATIONS")
        return address

    @field_validator("forward_parameters")
    @classmethod
    def _the_token_is_ours(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if TOKEN_PARAMETER in names:
            raise ValueError(f"has {TOKEN_PARAMETER}, which carries the token")
        return names


def _with_account(address: str, info: ValidationInfo) -> None:
    if "{account}" in address and not info.data.get("account", "?"):
        raise ValueError("has {account}, but PANDIUM_ACCOUNT is not set")


def destinations(variables: PandiumVariables) -> list[Destination]:
    """Give the marketplace, and where there are integrations their install-only page."""
    marketplace = Destination(
        name="pandium",
        page="marketplace",
        root=variables.path,
        route=variables.path,
        address=_marketplace(variables).replace("{account}", variables.account),
        token_parameter=TOKEN_PARAMETER,
        key=variables.key,
        claims=compile_template(merged(CLAIMS, variables.claims), TEMPLATE_NAMES),
        required=("sub",),
        **_forwarded(variables),
        lifetime_seconds=variables.token_lifetime_seconds,
    )
    if not variables.integrations:
        return [marketplace]
    address = variables.install_url or INSTALL_PAGES[variables.environment]
    install = Destination(
        name="pandium",
        page="install",
        root=variables.path,
        route=f"{variables.path}/install/{{integration_id}}",
        address=address.replace("{account}", variables.account),
        token_parameter=TOKEN_PARAMETER,
        key=variables.key,
        claims=compile_template(
            merged(merged(CLAIMS, _integration_claims(variables)), variables.claims),
            TEMPLATE_NAMES,
        ),
        required=("sub", *(f"ti.xti.{name}" for name in _REQUIRED_OF_AN_INTEGRATION)),
        ids={"integration_id": ID},
        offered=variables.integrations,
        **_forwarded(variables),
        lifetime_seconds=variables.token_lifetime_seconds,
    )
    return [marketplace, install]


def _marketplace(variables: PandiumVariables) -> str:
    if variables.marketplace_url:
        return variables.marketplace_url
    if variables.sub_domain:
        return f"https://{variables.sub_domain}.go.pandium.com/"
    return MARKETPLACES[variables.environment]


def _forwarded(variables: PandiumVariables) -> dict[str, Any]:
    names = variables.forward_parameters
    return {"parameters": dict.fromkeys(names, TEXT), "forwarded": frozenset(names)}


def _integration_claims(variables: PandiumVariables) -> dict[str, Any]:
    names = {name for integration in variables.integrations.values() for name in integration}
    return {"ti": {"xti": {name: f"{{integration.{name}}}" for name in sorted(names)}}}
