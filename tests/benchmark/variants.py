"""The shipped service with other logins in front of it, other keys, and more to do."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.testing.issuer_keys import IssuerKey
from tests.benchmark.servers import ADA, BROWSER, Contender, service

ISSUER = "https://login.acme.example"
TOKENS = 4096
"""Four times as many as the service remembers: none is known when it comes again."""

DESTINATION = """
[acme]
address = "https://market.acme.example/sso"
parameter = "jwt"
algorithm = "RS256"
lifetime_seconds = 300
claims = { iat = "{issued_at}", exp = "{expires_at}", sub = "{subject}", email = "{email}" }
"""


def logins(folder: Path, host_port: int) -> list[Contender]:
    """Return the service behind each kind of login; its files go into `folder`."""
    return [
        service("identity headers, always the same user", {}),
        service("identity headers, always another user", {}, script="users.lua"),
        *(
            contender
            for algorithm in ("RS256", "ES256")
            for contender in (
                _assertion(f"{algorithm} assertion, seen before", algorithm, folder, tokens=1),
                _assertion(f"{algorithm} assertion, not seen before", algorithm, folder),
            )
        ),
        service(
            "introspection, asked each time",
            {},
            {
                "SSO_AUTHENTICATORS": "introspection",
                "AUTH_INTROSPECTION_URL": f"http://127.0.0.1:{host_port}/api/me",
                "AUTH_INTROSPECTION_FORWARD_COOKIES": "sessionid",
                "AUTH_INTROSPECTION_SUBJECT_CLAIM": "id",
            },
            headers={**BROWSER, "Cookie": "sessionid=ada"},
        ),
        _signing_with_rsa(folder),
    ]


def more_to_do() -> list[Contender]:
    """Return the service with more integrations and with longer claims."""
    found = []
    for count in (1, 10, 100, 1000):
        table = {str(n): {"connector_name": "c", "integration_name": "i"} for n in range(count)}
        found.append(service(f"{count} integrations", {"PANDIUM_INTEGRATIONS": json.dumps(table)}))
    for size in (200, 1000, 4000):
        claims = json.dumps({"meta": {"x": "a" * size}})
        found.append(service(f"{size / 1000:g} KB of claims", {"PANDIUM_CLAIMS": claims}))
    return found


def workers() -> list[Contender]:
    """Return the service with one worker and with two, free to run on both cores."""
    return [
        service(f"{count} worker{'s' * (count > 1)}", {"WEB_CONCURRENCY": str(count)}, cores="0,1")
        for count in (1, 2)
    ]


def _assertion(name: str, algorithm: str, folder: Path, *, tokens: int = TOKENS) -> Contender:
    key = IssuerKey(algorithm, "bench")
    stem = f"{algorithm}-{tokens}"
    jwks, texts = folder / f"{stem}.json", folder / f"{stem}.txt"
    jwks.write_text(json.dumps({"keys": [key.jwk()]}))
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "marketplace",
        "iat": now,
        "exp": now + 86400,
        "email": "ada@acme.example",
        "name": "Ada Lovelace",
        "groups": ["engineering", "admins"],
    }
    texts.write_text(
        "\n".join(key.sign({**claims, "sub": f"u-{number}"}) for number in range(tokens))
    )
    return service(
        name,
        {},
        {
            "SSO_AUTHENTICATORS": "jwt",
            "AUTH_JWT_HEADER": "Authorization",
            "AUTH_JWT_HEADER_PREFIX": "Bearer",
            "AUTH_JWT_ISSUER": ISSUER,
            "AUTH_JWT_AUDIENCE": "marketplace",
            "AUTH_JWT_ALGORITHMS": algorithm,
            "AUTH_JWT_JWKS_FILE": str(jwks),
        },
        headers={**BROWSER, "Authorization": f"Bearer {texts.read_text().splitlines()[0]}"},
        script="tokens.lua" if tokens > 1 else "",
        load_environment={"TOKENS": str(texts)},
    )


def _signing_with_rsa(folder: Path) -> Contender:
    table = folder / "destinations.toml"
    table.write_text(DESTINATION)
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    more = {"SSO_DESTINATIONS_FILE": str(table), "DESTINATION_ACME_KEY": pem.decode()}
    return service("custom destination, RS256", more, path="/acme-sso", headers=ADA)
