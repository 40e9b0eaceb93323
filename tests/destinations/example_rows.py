"""The rows of config/destinations.example.toml, and keys for them."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.destinations.sample_rows import pem, secret

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "config" / "destinations.example.toml"


ASYMMETRIC = {
    "mintlify": pem(ec.generate_private_key(ec.SECP256R1())),
    **{
        name: pem(rsa.generate_private_key(65537, 2048))
        for name in (
            *("workato", "cobrowse", "freshworks", "prismatic", "jaas", "bytechef", "paragon"),
            "assertion",
        )
    },
}
HMAC = (
    *("acme", "blendr", "zendesk", "canny", "featurebase", "uservoice", "readme", "helpscout"),
    *("metabase", "nolt", "zendesk-messaging", "tableau", "sigma", "metabase-sdk", "superset"),
    *("n8n", "lightdash", "intercom"),
)
API_KEYS = ("merge", "luzmo")
KEYS = {**{name: secret(name) for name in (*HMAC, *API_KEYS)}, **ASYMMETRIC}
ALGORITHMS = {
    **dict.fromkeys(HMAC, "HS256"),
    **dict.fromkeys(ASYMMETRIC, "RS256"),
    "helpscout": "HS512",
    "mintlify": "ES256",
}
