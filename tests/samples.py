"""A sample configuration and a sample user, as most tests take them."""

from __future__ import annotations

PANDIUM_SECRET = "pandium-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
APIFUSE_SECRET = "apifuse-00112233445566778899aabbccddeeff"
NOW = 1_800_000_000.25
"""What the clock of an in-process application says, in epoch seconds."""

PANDIUM = {"PANDIUM_SHARED_SECRET": PANDIUM_SECRET, "PANDIUM_ACCOUNT": "acme"}
APIFUSE = {
    "APIFUSE_API_SECRET": APIFUSE_SECRET,
    "APIFUSE_ORG_ID": "4711",
    "APIFUSE_SUBDOMAIN": "acme",
}
PROXY = {
    "SSO_AUTHENTICATORS": "oauth2-proxy",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1",
}
ADA = {"X-Forwarded-User": "u-17", "X-Forwarded-Email": "ada@acme.example"}
