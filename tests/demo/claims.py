"""Claims that each page of the marketplace has no objection to."""

from .conftest import NOW

PANDIUM_CLAIMS = {"iat": NOW - 5, "jti": "3f0c", "sub": "ada@acme.example"}
INSTALL_CLAIMS = {
    **PANDIUM_CLAIMS,
    "ti": {"xti": {"connector_name": "gwt", "integration_name": "gwt2hs"}},
}
APIFUSE_CLAIMS = {
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 300,
    "orgId": "7",
    "user": {"externalId": "u-17", "email": "ada@acme.example"},
}
