"""Payloads of logins as their products send them, and what becomes of them on the way to us."""

from __future__ import annotations

import base64
import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from app.testing import FakeIdentityProvider, IssuerKey
from tests.authenticators.introspection.hosts import Answer

FOLDER = Path(__file__).parent.parent / "data" / "logins"
NOW = 1_700_000_100
"""When most payloads were sent, in epoch seconds."""

PEER = "10.0.3.7"
STRANGER = "203.0.113.9"

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Payload:
    """One file: `preset` and the rest of its name, and what is in it."""

    name: str
    data: dict[str, Any]
    key: IssuerKey | None = field(default=None, repr=False)

    @property
    def preset(self) -> str:
        return self.name.partition(".")[0]

    @property
    def prefix(self) -> str:
        return f"AUTH_{self.preset.upper().replace('-', '_')}_"

    @property
    def kind(self) -> str:
        return next(kind for kind in ("token", "answer", "headers") if kind in self.kinds)

    @property
    def kinds(self) -> set[str]:
        return {*self.data} | ({"headers"} if "payload" in self.data else set())

    @property
    def now(self) -> float:
        """When it was sent: its own time, where it has one."""
        token = self.data.get("token", {})
        times = {**token.get("claims", {}), **token.get("header", {})}
        return float(times.get("iat", times.get("nbf", times.get("exp", NOW + 60) - 60)))

    def variables(self) -> dict[str, str]:
        own = dict(self.data.get("variables", {}))
        if self.kind == "headers":
            own["TRUSTED_PROXIES"] = PEER
        named = {self.prefix + name: value for name, value in own.items()}
        return {"SSO_AUTHENTICATORS": self.preset, **named, **self.data.get("environment", {})}

    def headers(self) -> Headers:
        """What the login's product sends us, or the browser with it."""
        if self.kind == "token":
            return [(self.data["token"]["name"], self.before + self.token())]
        if self.kind == "answer":
            return [("Cookie", f"{self.data['answer']['cookie']}=opaque")]
        found = [(each["name"], each["value"]) for each in self.data.get("headers", [])]
        if "payload" in self.data:
            found.append((self.data["payload"]["name"], self.payload()))
        return found

    @property
    def before(self) -> str:
        return str(self.data["token"].get("before", ""))

    def token(self) -> str:
        token = self.data["token"]
        null = dict.fromkeys(self.data["token"].get("null", {}).get("claims", []))
        assert self.key is not None
        claims = {**token["claims"], **null, **dict.fromkeys(self.null_claims)}
        return self.key.sign(
            claims, json.dumps(token["header"]).encode(), padded=token.get("padded", False)
        )

    @property
    def null_claims(self) -> list[str]:
        return list(self.data.get("null", {}).get("claims", []))

    def payload(self) -> str:
        text = json.dumps(json.loads(self.data["payload"]["json"])).encode()
        if self.data["payload"]["encoding"] == "base64":
            return base64.b64encode(text).decode()
        return base64.urlsafe_b64encode(text).decode().rstrip("=")

    def answer(self) -> Answer:
        said = self.data["answer"]

        async def answer(_: web.Request) -> web.Response:
            body = said["json"].encode()
            headers = {"Content-Type": "application/json", **said.get("headers", {})}
            return web.Response(body=body, status=said["status"], headers=headers)

        return answer

    def signed_by(self, key: IssuerKey) -> Payload:
        return replace(self, key=key)

    def changed(self, section: str, **members: Any) -> Payload:
        """Return it with members of one table replaced."""
        table = {**self.data[section], **members}
        return replace(self, data={**self.data, section: table})

    def served(self, provider: FakeIdentityProvider) -> dict[str, str]:
        """Publish the key at `provider` as the product does, and return where it is."""
        assert self.key is not None
        if self.preset == "aws-alb":
            provider.documents[f"/{self.data['token']['header']['kid']}"] = self.key.pem()
            return {f"{self.prefix}KEYS_URL": provider.origin}
        if self.key.algorithm == "HS256":
            return {}
        token = self.data["token"]
        name = token["header"].get("kid")
        jwk = {name: value for name, value in self.key.jwk().items() if name != "kid"}
        names = token.get("key_names", [] if name is None else [name])
        jwks = [{**jwk, "kid": name} for name in names] or [jwk]
        provider.documents["/set"] = json.dumps({"keys": jwks}).encode()
        return {f"{self.prefix}JWKS_URL": f"{provider.origin}/set"}


def payloads(folder: Path = FOLDER) -> list[Payload]:
    found = []
    for path in sorted(folder.glob("*.toml")):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        key = None
        if "token" in data:
            secret = data["variables"].get("SECRET")
            key = IssuerKey(data["token"]["algorithm"], secret=secret and secret.encode())
        found.append(Payload(path.stem, data, key))
    return found
