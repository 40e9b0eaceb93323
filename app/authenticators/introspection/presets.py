"""Hosts and authorization servers that are asked who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.authenticators.preset import Preset

PRESETS: Final[Mapping[str, Preset]] = {
    # The host application says itself who is signed in, as JSON to the browser's cookies
    "introspection": Preset(
        "introspection.engine",
        {
            "mode": "me",
            "subject_claim": "id",
            "org_id_claim": "org.id",
            "org_name_claim": "org.name",
            "groups_claim": "",
        },
    ),
    # What nginx asks with auth_request and Traefik with forwardAuth, like oauth2-proxy's
    # /oauth2/auth, is asked by the service itself
    "forward-auth": Preset(
        "introspection.engine",
        {
            "mode": "forward-auth",
            "subject_header": "X-Auth-Request-User",
            "email_header": "X-Auth-Request-Email",
            "name_header": "X-Auth-Request-Preferred-Username",
            "groups_header": "X-Auth-Request-Groups",
        },
    ),
    # RFC 7662: an authorization server says whose token it is
    "rfc7662": Preset("introspection.engine", {"mode": "rfc7662"}),
}
