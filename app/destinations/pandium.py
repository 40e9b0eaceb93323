"""Pandium: the in-app marketplace, and the install-only page of each integration.

Pandium's documentation: "Embedding the In-App Marketplace", "Embedding the Integration Install
Only", "Customizing the JWT".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from app.claims import compile_template
from app.destinations.destination import Destination, Shared
from app.destinations.handoff import Target
from app.destinations.pandium_variables import (
    REQUIRED_OF_INTEGRATIONS,
    TOKEN_PARAMETER,
    PandiumVariables,
)
from app.destinations.parameters import ID, TEXT
from app.destinations.token_claims import INTEGRATION_NAMES, TEMPLATE_NAMES, TokenClaims, merged

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
"""The default template; a claim without a value is left out."""


def destinations(variables: PandiumVariables, shared: Shared) -> list[Destination]:
    """Make the marketplace and, if there are integrations, their install-only page."""
    pages = [_marketplace(variables, shared)]
    if variables.integrations:
        pages.append(_install_page(variables, shared))
    return pages


def _marketplace(variables: PandiumVariables, shared: Shared) -> Destination:
    return Destination(
        name="pandium",
        page="marketplace",
        root=variables.path,
        route=variables.path,
        key=variables.key,
        claims=_claims(variables, shared, merged(CLAIMS, variables.claims), "sub"),
        target=_target(variables, shared, variables.marketplace_address),
        parameters=dict.fromkeys(variables.forward_parameters, TEXT),
        access=shared.access.also("PANDIUM_ALLOWED_GROUPS", variables.allowed_groups),
    )


def _install_page(variables: PandiumVariables, shared: Shared) -> Destination:
    template = merged(CLAIMS, _integration_claims(variables.integrations))
    template = merged(merged(template, variables.claims), variables.install_claims)
    required = (f"ti.xti.{name}" for name in REQUIRED_OF_INTEGRATIONS)
    return Destination(
        name="pandium",
        page="install",
        root=variables.path,
        route=f"{variables.path}/install/{{integration_id}}",
        key=variables.key,
        claims=replace(
            _claims(variables, shared, template, "sub", *required),
            integrations={
                name: compile_template(each, INTEGRATION_NAMES)
                for name, each in variables.integrations.items()
            },
        ),
        target=_target(variables, shared, variables.install_address),
        ids={"integration_id": ID},
        offered=variables.integrations,
        parameters=dict.fromkeys(variables.forward_parameters, TEXT),
        access=shared.access.also("PANDIUM_ALLOWED_GROUPS", variables.allowed_groups),
    )


def _claims(
    variables: PandiumVariables, shared: Shared, template: dict[str, Any], *required: str
) -> TokenClaims:
    return TokenClaims(
        template=compile_template(template, TEMPLATE_NAMES),
        required=required,
        lifetime_seconds=variables.token_lifetime_seconds,
        clock_skew_seconds=shared.clock_skew_seconds,
        maps=shared.maps,
        now=shared.now,
    )


def _target(variables: PandiumVariables, shared: Shared, address: str) -> Target:
    return Target(
        address=address,
        token_parameter=TOKEN_PARAMETER,
        forwarded=frozenset(variables.forward_parameters),
        max_location_bytes=shared.max_location_bytes,
    )


def _integration_claims(integrations: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    names = {name for integration in integrations.values() for name in integration}
    return {"ti": {"xti": {name: f"{{integration.{name}}}" for name in sorted(names)}}}
