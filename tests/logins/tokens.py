"""What a service makes of bearer tokens."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from tests.system import vendor
from tests.system.acme import APIFUSE, PANDIUM_SECRET, SCRIPT
from tests.system.service import Service

ALLOWED: Final = {**APIFUSE, "APIFUSE_ALLOWED_GROUPS": "Vertrieb München"}
"""A second vendor, which is for one group only."""


def allowed(service: Service, token: str) -> int:
    """Return how the vendor that is for one group only is answered: 307, or 403."""
    return service.get("/apifuse-sso", f"Authorization: Bearer {token}").status


def user(service: Service, token: str) -> dict[str, Any]:
    """Return the vendor's claims about who sends a token; it must sign on."""
    answer = service.get("/pandium-sso", f"Authorization: Bearer {token}")
    assert answer.status == 307, (answer, service.stdout[-2000:])
    return vendor.arrive(answer["Location"], key=PANDIUM_SECRET, parameter="tenant").claims


def is_zoe(found: dict[str, Any], subject: str = "zoe") -> bool:
    """Tell whether the vendor's claims are about her, with her name and her groups."""
    return (found["external_id"], found["sub"], found["name"], found["groups"]) == (
        subject,
        "zoe@acme.example",
        "Zoë Østergård 山田",
        ["Vertrieb München", "staff"],
    )


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
