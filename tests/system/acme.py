"""Acme, a company with both vendors behind oauth2-proxy: its environment and its user."""

import json

PANDIUM_SECRET = "pandium-4Qf0pSxkTnVb7Zr2LwHc9JdMeYuGaKi5"
APIFUSE_SECRET = "apifuse-x8RtW3mEoBz6NvPqDs1CyUhFjLgKaTi0"
INTEGRATIONS = {
    "1121": {"connector_name": "gwt", "integration_name": "gwt2hs"},
    "2048": {"connector_name": "hub", "integration_name": "hub2gwt", "user_tier": "gold"},
}

PANDIUM = {
    "PANDIUM_SHARED_SECRET": PANDIUM_SECRET,
    "PANDIUM_ACCOUNT": "acme",
    "PANDIUM_INTEGRATIONS": json.dumps(INTEGRATIONS),
}
APIFUSE = {
    "APIFUSE_API_SECRET": APIFUSE_SECRET,
    "APIFUSE_ORG_ID": "4711",
    "APIFUSE_SUBDOMAIN": "acme",
}
BEHIND_OAUTH2_PROXY = {
    "SSO_AUTHENTICATORS": "oauth2-proxy",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
}
PUBLIC_URL = "https://sso.acme.example"
LOGIN_URL = "https://login.acme.example/oauth2/start"
HOST_ORIGIN = "https://app.acme.example"
AS_SHIPPED = {
    **BEHIND_OAUTH2_PROXY,
    **PANDIUM,
    **APIFUSE,
    "WEB_CONCURRENCY": "2",
    "SSO_PUBLIC_URL": PUBLIC_URL,
    "SSO_LOGIN_URL": LOGIN_URL,
    "SSO_HOST_ORIGINS": HOST_ORIGIN,
}

SUBJECT = "u-17"
EMAIL = "ada@acme.example"
NAME = "Ada Lovelace"
ADA = (
    f"X-Forwarded-User: {SUBJECT}",
    f"X-Forwarded-Email: {EMAIL}",
    f"X-Forwarded-Preferred-Username: {NAME}",
    "X-Forwarded-Groups: engineering,board-secret",
)
SCRIPT = "Accept: application/json"
TOP_LEVEL = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: same-origin")
FRAME = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe", "Sec-Fetch-Site: same-site")
