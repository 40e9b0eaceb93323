"""An Express application that signs its session cookie as docs/logins/signed-tokens.md says."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.system.acme import PANDIUM
from tests.system.proxies import FRAME, SCRIPT, running
from tests.system.service import serving

from .examples import CLAIMS
from .hosts import Host
from .needed import needs
from .products import PRODUCTS
from .tokens import ALLOWED, forged, is_zoe
from .visitor import Visitor

PAGE = Path(__file__).parents[2] / "docs" / "logins" / "signed-tokens.md"
PROGRAM = Path(__file__).with_name("session_host.mjs")
SECRET = "session-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG"

pytestmark = [
    needs("express", "jsonwebtoken"),
    pytest.mark.login("Express with a signed cookie"),
    pytest.mark.timeout(60),
]


def variables(host: Host) -> dict[str, str]:
    return {
        **PANDIUM,
        **ALLOWED,
        "PANDIUM_CLAIMS": json.dumps(CLAIMS),
        "SSO_BIND": f"127.0.0.1:{host.sso_port}",
        "SSO_AUTHENTICATORS": "app=session-cookie",
        "AUTH_APP_SECRET": SECRET,
        "AUTH_APP_ISSUER": "https://app.acme.example",
        "AUTH_APP_AUDIENCE": "marketplace",
        "AUTH_APP_LEEWAY_SECONDS": "0",
        "SSO_PUBLIC_URL": host.sso,
        "SSO_LOGIN_URL": f"{host.origin}/login",
        "SSO_LOGIN_RETURN_PARAMETER": "next",
    }


def program() -> str:
    """Return the application, with the document's code in it."""
    (section,) = re.findall(
        r"## `session-cookie`\n(.*?)\n## ", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    (code,) = re.findall(r"```js\n(.*?)```", section, re.DOTALL)
    return PROGRAM.read_text(encoding="utf-8").replace("  SIGNED\n", code)


@contextlib.contextmanager
def hosting(folder: Path, seconds: int = 3600) -> Iterator[Host]:
    """Run the application, whose sessions last so long, and the service beside it."""
    host = Host()
    modules = folder / "node_modules"
    modules.mkdir()
    for name in ("express", "jsonwebtoken"):
        (modules / name).symlink_to(PRODUCTS[name].folder / "node_modules" / name)
    (folder / "host.mjs").write_text(program(), encoding="utf-8")
    environment = {
        "PORT": str(host.port),
        "SESSION_SECONDS": str(seconds),
        "SESSION_SECRET": SECRET,
    }
    command = ["node", str(folder / "host.mjs")]
    with (
        running(command, host.port, folder / "host.log", environment, 20),
        serving(variables(host), folder / "service"),
    ):
        yield host


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(tmp_path_factory.mktemp("signed-cookie")) as host:
        yield host


def signed_in(host: Host, name: str = "zoe") -> Visitor:
    """Come from the service to the login, sign in, and be led back to the vendor."""
    visitor = Visitor()
    login = visitor.follow(visitor.get(f"{host.sso}/pandium-sso"))
    arrived = visitor.follow(visitor.post(login.address, {"user": name}))
    assert arrived.user()["sub"] == f"{name}@acme.example"
    return visitor


@pytest.mark.shows("sign-in", "307", "non-ASCII names")
def test_who_signs_in_arrives_with_name_and_groups(host: Host) -> None:
    user = signed_in(host).get(f"{host.sso}/pandium-sso", FRAME).user()

    assert is_zoe(user, "u-17")


@pytest.mark.shows("groups")
def test_a_vendor_that_is_for_a_group_is_for_nobody_else(host: Host) -> None:
    zoe, bob = signed_in(host), signed_in(host, "bob")

    assert zoe.get(f"{host.sso}/apifuse-sso").status == 307
    assert bob.get(f"{host.sso}/apifuse-sso").status == 403


@pytest.mark.shows("forged refused")
def test_a_changed_cookie_is_refused(host: Host) -> None:
    visitor = signed_in(host)
    visitor.set("session", forged(visitor.cookie("session"), sub="root"))

    assert visitor.code(host.sso) == "invalid_session"


@pytest.mark.shows("sign-out")
def test_a_sign_out_ends_it_in_this_browser_and_nowhere_else(host: Host) -> None:
    visitor = signed_in(host)
    kept = visitor.cookie("session")

    visitor.post(f"{host.origin}/logout", {})

    assert visitor.code(host.sso) == "no_session"
    seen = Visitor().get(f"{host.sso}/pandium-sso", {**FRAME, "Cookie": f"session={kept}"})
    assert seen.status == 307, "as the page says: nobody is asked"


@pytest.mark.shows("session end")
def test_who_has_an_expired_session_is_sent_to_the_login_once(tmp_path: Path) -> None:
    with hosting(tmp_path, seconds=2) as host:
        visitor = signed_in(host)
        cookie = visitor.cookie("session")
        time.sleep(2.2)
        kept = {**SCRIPT, "Cookie": f"session={cookie}"}
        seen = Visitor().get(f"{host.sso}/pandium-sso", kept)
        assert (seen.status, json.loads(seen.body)["code"]) == (401, "invalid_session")

        login = visitor.get(f"{host.sso}/pandium-sso").location
        (back,) = parse_qs(urlsplit(login).query)["next"]
        assert login.startswith(f"{host.origin}/login")
        assert visitor.get(back).status == 401
