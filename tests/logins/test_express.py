"""A real Express application, docs/examples/express-host, is asked who is signed in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.system.proxies import FRAME, SCRIPT
from tests.system.service import run

from .express_host import EXAMPLE, PASSWORD, hosting, variables
from .hosts import Host
from .needed import needs
from .products import PRODUCTS
from .visitor import Visitor

pytestmark = [needs("express"), pytest.mark.login("Express"), pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosting(tmp_path_factory.mktemp("express")) as host:
        yield host


def signed_in(host: Host, name: str = "zoe") -> Visitor:
    """Come from the service to the login form, fill it in, and be led back to the vendor."""
    visitor = Visitor()
    login = visitor.follow(visitor.get(f"{host.sso}/pandium-sso?integration_id=7"))
    assert login.address.startswith(f"{host.origin}/login?next=")
    arrived = visitor.follow(visitor.post(login.address, {"user": name, "password": PASSWORD}))
    assert arrived.user()["sub"] == f"{name}@acme.example"
    assert "integration_id=7" in arrived.location
    return visitor


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names")
def test_who_signs_in_with_the_form_arrives_with_name_and_groups(host: Host) -> None:
    user = signed_in(host).get(f"{host.sso}/pandium-sso", FRAME).user()

    assert (user["external_id"], user["name"]) == ("u-17", "Zoë Østergård 山田")
    assert user["groups"] == ["Vertrieb München", "staff"]


def test_the_session_cookie_is_for_https_and_for_no_script(host: Host) -> None:
    (cookie,) = signed_in(host).cookies

    assert (cookie.name, cookie.secure) == ("connect.sid", True)
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_a_login_without_a_form_is_no_login(host: Host) -> None:
    seen = Visitor().post(f"{host.origin}/login", {})

    assert seen.location == f"{host.origin}/login"


def test_the_vendors_token_ends_with_the_session(host: Host) -> None:
    user = signed_in(host).get(f"{host.sso}/pandium-sso", FRAME).user()

    assert 3500 < user["exp"] - time.time() <= 3600


@pytest.mark.shows("groups")
def test_a_vendor_that_is_for_a_group_is_for_nobody_else(host: Host) -> None:
    zoe, bob = signed_in(host), signed_in(host, "bob")

    assert zoe.get(f"{host.sso}/apifuse-sso").status == 307
    assert bob.get(f"{host.sso}/apifuse-sso").status == 403


def test_nobody_arrives_without_a_session_or_with_a_wrong_password(host: Host) -> None:
    visitor = Visitor()
    assert visitor.code(host.sso) == "no_session"

    visitor.post(f"{host.origin}/login", {"user": "zoe", "password": "wrong"})
    assert visitor.code(host.sso) == "no_session"


def another_signature(cookie: str) -> str:
    return cookie[:-1] + ("A" if cookie[-1] != "A" else "B")


def another_session(cookie: str) -> str:
    identifier, dot, signature = cookie.partition(".")
    return f"{identifier[:-1]}{'A' if identifier[-1] != 'A' else 'B'}{dot}{signature}"


def no_signature(cookie: str) -> str:
    return cookie.removeprefix("s%3A").partition(".")[0]


@pytest.mark.shows("forged refused")
@pytest.mark.parametrize("change", [another_signature, another_session, no_signature])
def test_a_forged_session_is_refused(host: Host, change: Callable[[str], str]) -> None:
    visitor = signed_in(host)
    visitor.set("connect.sid", change(visitor.cookie("connect.sid")))

    assert visitor.code(host.sso) == "invalid_session"


@pytest.mark.shows("sign-out")
def test_a_sign_out_counts_at_once(host: Host) -> None:
    visitor = signed_in(host)
    old = visitor.cookie("connect.sid")
    visitor.post(f"{host.origin}/logout", {})
    assert visitor.code(host.sso) == "no_session"

    stolen = signed_in(host)
    stolen.set("connect.sid", old)
    assert stolen.code(host.sso) == "invalid_session"


def test_another_user_in_the_same_browser_is_that_user_at_once(host: Host) -> None:
    visitor = signed_in(host)
    visitor.post(f"{host.origin}/login", {"user": "bob", "password": PASSWORD})

    user = visitor.get(f"{host.sso}/pandium-sso", FRAME).user()

    assert user["external_id"] == "u-18"
    assert "groups" not in user


@pytest.mark.shows("session end")
def test_who_has_an_expired_session_is_sent_to_the_login_once(tmp_path: Path) -> None:
    with hosting(tmp_path, seconds=2) as host:
        visitor = signed_in(host)
        cookie = visitor.cookie("connect.sid")
        time.sleep(2.2)
        # Browsers forget the cookie then; who has kept it is refused by the application.
        kept = {**SCRIPT, "Cookie": f"connect.sid={cookie}"}
        seen = Visitor().get(f"{host.sso}/pandium-sso", kept)
        assert (seen.status, json.loads(seen.body)["code"]) == (401, "invalid_session")

        login = visitor.get(f"{host.sso}/pandium-sso").location
        (back,) = parse_qs(urlsplit(login).query)["next"]
        assert login.startswith(f"{host.origin}/login")
        assert visitor.get(back).status == 401


def test_the_login_leads_to_no_other_site(host: Host) -> None:
    form = {"user": "zoe", "password": PASSWORD}
    for address in ("https://evil.example/", f"{host.sso}.evil.example/", "//evil.example", "x"):
        seen = Visitor().post(f"{host.origin}/login?next={address}", form)
        assert seen.location == f"{host.origin}/api/me"


def test_the_service_passes_its_own_check(host: Host) -> None:
    ended = run(variables(host), "check", "--online")

    assert "/api/me: refuses a request without a session: 401" in ended.stdout


def test_the_example_is_of_the_version_that_is_tested() -> None:
    product = PRODUCTS["express"]
    written = json.loads((EXAMPLE / "package.json").read_text())["dependencies"]

    assert written[product.package] == product.version
