"""A marketplace of AppDirect's kind: its GraphQL endpoint, and a page of an extension inside it.

AppDirect's "Secure token system": the extension asks the marketplace's public GraphQL endpoint,
with the session's cookie, for a token, and sends that to its API on another origin. The name of the
field is made up: AppDirect hands extensions a function for it.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from app.testing import FakeIdentityProvider, IssuerKey
from tests.system.acme import PANDIUM_SECRET
from tests.system.service import Service, serving_all

from .neighbours import MARKETPLACE
from .sites import SERVICE, Handler, Sites, serving_sites

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "appdirect.md"
GRAPHQL: Final = "/api/graphql"
ZOE: Final = {
    "sub": "5b1b7e7e-6d9c-4d0e-8a56-2f6f3f5a1c11",
    "name": "zoë.østergård@acme.example",
    "tenant": "ACME",
}

PAGE: Final = """<p id="message"></p><iframe id="frame"></iframe><script type="module">
const frame = document.getElementById("frame"), message = document.getElementById("message");
try {
  const asked = await fetch("GRAPHQL", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: "{ secureToken }" }),
  });
  const token = (await asked.json()).data.secureToken;
  CODE
} catch (error) {
  message.textContent = error instanceof TypeError ? "blocked by the browser" : error;
}
</script>"""


@dataclass
class Desk:
    """Who is signed in to the marketplace, and how its tokens are."""

    keys: FakeIdentityProvider
    claims: dict[str, Any] = field(default_factory=dict)
    key: IssuerKey | None = None
    seconds: int = 300

    def begin(self) -> None:
        self.claims, self.key, self.seconds = dict(ZOE), None, 300

    def token(self) -> str:
        """Sign one; its five minutes ended already where `seconds` says so."""
        end = int(time.time()) + self.seconds
        times = {"iat": end - 300, "exp": end}
        return (self.key or self.keys.key).sign({**self.claims, **times})


class Marketplace(Handler):
    """Answers the extension's question to whoever has the marketplace's session."""

    desk: ClassVar[Desk]

    def do_POST(self) -> None:  # noqa: N802 - the name is the library's
        if self.path != GRAPHQL:
            self.do_GET()
            return
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["query"]
        is_signed_in = "JSESSIONID=zoe" in self.headers.get("Cookie", "")
        token = self.desk.token() if is_signed_in and query == "{ secureToken }" else None
        body = json.dumps({"data": {"secureToken": token}}).encode()
        self._answer(200, body, {"Content-Type": "application/json"})


@dataclass
class AppDirect:
    """The marketplace, the service as browsers see it, and the vendor whose page is shown."""

    sites: Sites
    desk: Desk
    services: dict[str, Service] = field(default_factory=dict)

    @property
    def marketplace(self) -> str:
        return self.sites.origin("marketplace.localhost")

    @property
    def service(self) -> str:
        return self.sites.origin(SERVICE)

    @property
    def vendor(self) -> str:
        return f"{self.sites.origin('vendor.localhost')}/pandium"

    def begin(self, service: str = "Authorization") -> None:
        """Forget what was; the service takes tokens in this header."""
        self.sites.forget()
        self.desk.begin()
        self.sites.bind = self.services[service].bind
        self.sites.put(self.vendor, MARKETPLACE)

    def extension(self, *, origin: str = "", code: str = "") -> str:
        """Put the extension's page somewhere, with the document's code, and return its address."""
        code = (code or documented()).replace("https://sso.acme.example", self.service)
        page = PAGE.replace("GRAPHQL", GRAPHQL).replace("CODE", code)
        cookie = "JSESSIONID=zoe; Path=/; HttpOnly; SameSite=Lax"
        return self.sites.put(f"{origin or self.marketplace}/extension", page, Set_Cookie=cookie)


def documented() -> str:
    """Return the script that the document has for an extension."""
    (code,) = re.findall(r"```js\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


def _variables(sites: Sites, keys: FakeIdentityProvider) -> dict[str, str]:
    """Return what docs/appdirect.md says, with addresses of this machine."""
    (lines,) = re.findall(
        r"## A first page.*?```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    written = dict(line.split("=", 1) for line in lines.splitlines())
    assert written["SSO_AUTHENTICATORS"] == "appdirect"
    return {
        **written,
        "AUTH_APPDIRECT_JWKS_URL": keys.jwks_url,
        "SSO_HOST_ORIGINS": sites.origin("marketplace.localhost"),
        "PANDIUM_SHARED_SECRET": PANDIUM_SECRET,
        "PANDIUM_ACCOUNT": "acme",
        "PANDIUM_MARKETPLACE_URL": f"{sites.origin('vendor.localhost')}/pandium",
        "PANDIUM_CLAIMS": json.dumps({"org": "{org_id}"}),
    }


@contextlib.contextmanager
def serving_appdirect(folder: Path) -> Iterator[AppDirect]:
    """Serve it for the length of a block, with one service for each header."""
    with FakeIdentityProvider("RS256") as keys, serving_sites(Marketplace) as sites:
        appdirect = AppDirect(sites, Desk(keys))
        Marketplace.desk = appdirect.desk
        usual = _variables(sites, keys)
        other = {"AUTH_APPDIRECT_HEADER": "MP-Authorization"}
        services = {"Authorization": usual, "MP-Authorization": usual | other}
        with serving_all(services, folder) as appdirect.services:
            yield appdirect
