"""What a service makes of bearer tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.system import vendor
from tests.system.acme import PANDIUM_SECRET, SCRIPT
from tests.system.service import Service


def user(service: Service, token: str) -> dict[str, Any]:
    """Return the vendor's claims about who sends a token; it must sign on."""
    answer = service.get("/pandium-sso", f"Authorization: Bearer {token}")
    assert answer.status == 307, (answer, service.stdout[-2000:])
    return vendor.arrive(answer["Location"], key=PANDIUM_SECRET, parameter="tenant").claims


def code(service: Service, token: str) -> str:
    """Return why a token is refused."""
    answer = service.get("/pandium-sso", f"Authorization: Bearer {token}", SCRIPT)
    assert not vendor.carries_a_token(answer)
    return str(answer.json()["code"])


def claims(token: str) -> dict[str, Any]:
    """Return what a token says, unverified."""
    found: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
    return found


def header(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_decoded(token.split(".", maxsplit=1)[0]))
    return found


def forged(token: str, **changed: Any) -> str:
    """Return a signed token with other claims, and the signature that it had."""
    head, _, signature = token.split(".")
    payload = json.dumps({**claims(token), **changed}).encode()
    return f"{head}.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.{signature}"


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
