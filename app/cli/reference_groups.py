"""The groups of variables, in the order of the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.authenticators import preset_variables
from app.authenticators.headers.engine import TrustedHeadersVariables
from app.authenticators.introspection.variables import IntrospectionVariables
from app.authenticators.jwt.aws_alb import AwsAlbVariables
from app.authenticators.jwt.variables import JwtVariables
from app.destinations.apifuse import ApifuseVariables
from app.destinations.claim_maps import SharedVariables
from app.destinations.pandium_variables import PandiumVariables
from app.destinations.row_keys import KeyVariables
from app.settings.process import ProcessVariables
from app.settings.service import ServiceVariables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.settings.variables import Variables

GROUPS: Final[Mapping[str, list[tuple[str, type[Variables]]]]] = {
    "The service": [
        ("SSO_", ServiceVariables),
        ("SSO_", SharedVariables),
        ("", ProcessVariables),
    ],
    "Pandium": [("PANDIUM_", PandiumVariables)],
    "APIFuse": [("APIFUSE_", ApifuseVariables)],
    "Further vendors": [("DESTINATION_<NAME>_", KeyVariables)],
    "Trusted headers": [("AUTH_<NAME>_", TrustedHeadersVariables)],
    "Signed tokens": [("AUTH_<NAME>_", JwtVariables)],
    "Signed tokens: of one preset only": [
        ("AUTH_OIDC_", preset_variables.OidcIssuer),
        ("AUTH_CLOUDFLARE_ACCESS_", preset_variables.CloudflareTeam),
        ("AUTH_POMERIUM_", preset_variables.PomeriumHost),
        ("AUTH_TELEPORT_", preset_variables.TeleportCluster),
        ("AUTH_APPDIRECT_", preset_variables.AppDirectTenants),
    ],
    "Signed tokens: of AWS's load balancer": [("AUTH_AWS_ALB_", AwsAlbVariables)],
    "Introspection": [("AUTH_<NAME>_", IntrospectionVariables)],
}
"""The sections of the reference: a title, then prefixes with their groups of variables."""
