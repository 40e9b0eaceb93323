"""A destination, and how tests vary what its tokens say and where they go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.claims import compile_template
from app.destinations.destination import Destination
from app.destinations.handoff import Target
from app.destinations.parameters import ID, TEXT
from app.destinations.token_claims import TEMPLATE_NAMES, TokenClaims
from app.identity import Identity
from app.tokens.jws import hmac_key
from tests.samples import NOW

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
ADA = Identity(subject="u-17", email="ada@acme.example", groups=("a",), claims={"x": "private"})

TEMPLATE = {
    "iat": "{issued_at}",
    "exp": "{expires_at}",
    "jti": "{token_id}",
    "sub": "{email}",
    "external_id": "{external_id}",
    "connector": "{integration.connector_name}",
    "id": "{path.integration_id}",
}
PLAIN = Destination(
    name="vendor",
    page="install",
    root="/vendor-sso",
    route="/vendor-sso/install/{integration_id}",
    key=hmac_key(SECRET.encode()),
    claims=TokenClaims(
        template=compile_template(TEMPLATE, TEMPLATE_NAMES),
        required=("sub",),
        integrations={"1121": compile_template({"connector_name": "gwt"}, ())},
        now=lambda: NOW,
    ),
    target=Target(
        address="https://vendor.example/acme/{integration_id}/new",
        token_parameter="tenant",
        forwarded=frozenset({"display", "integration_id"}),
    ),
    ids={"integration_id": ID},
    offered={"1121"},
    parameters={"display": TEXT, "integration_id": TEXT, "state": TEXT},
)
IDS = {"integration_id": "1121"}


def saying(**changes: Any) -> Destination:
    return replace(PLAIN, claims=replace(PLAIN.claims, **changes))


def going_to(**changes: Any) -> Destination:
    return replace(PLAIN, target=replace(PLAIN.target, **changes))
