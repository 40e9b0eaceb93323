"""A real Django project, the example of docs/examples/django-host, is asked who is signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.system.proxies import FRAME
from tests.system.service import run, serving

from .django_host import PASSWORD, Host, made
from .visitor import Visitor

pytestmark = [pytest.mark.login("Django"), pytest.mark.timeout(100)]

EXPIRE = """
from django.contrib.sessions.models import Session
Session.objects.filter(pk={0!r}).update(expire_date="2026-01-01T00:00:00Z")
"""
BOB = "from django.contrib.auth.models import User\nbob = User.objects.get(username='bob')\n"
WAYS_OUT = {
    "deactivated": "bob.is_active = False",
    "another password": "bob.set_password('Another-Zr4Qf0p')",
    "deleted": "bob.delete(); bob = User.objects.create_user('bob')",
}
BACK = f"bob.is_active = True; bob.email = 'bob@acme.example'; bob.set_password('{PASSWORD}')"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("django")
    host = made(folder / "host")
    with host.serving(), serving(host.variables(), folder / "service"):
        yield host


def signed_in(host: Host, name: str = "zoe") -> Visitor:
    """Come from the service to the login form, fill it in, and be led back to the vendor."""
    visitor = Visitor()
    login = visitor.follow(visitor.get(f"{host.sso}/pandium-sso?integration_id=7"))
    assert login.address.startswith(f"{host.origin}/login/?next=")
    arrived = visitor.follow(
        visitor.post(login.address, {**login.form, "username": name, "password": PASSWORD})
    )
    assert arrived.user()["sub"] == f"{name}@acme.example"
    assert "integration_id=7" in arrived.location
    return visitor


@pytest.mark.shows("sign-in", "307", "groups", "non-ASCII names")
def test_who_signs_in_with_the_form_arrives_with_name_and_groups(host: Host) -> None:
    seen = signed_in(host).get(f"{host.sso}/pandium-sso", FRAME)

    user = seen.user()
    assert user["external_id"] == "1"
    assert user["name"] == "Zoë Østergård 山田"
    assert sorted(user["groups"]) == ["Vertrieb München", "staff"]


@pytest.mark.shows("groups")
def test_a_vendor_that_is_for_a_group_is_for_nobody_else(host: Host) -> None:
    zoe, bob = signed_in(host), signed_in(host, "bob")

    assert zoe.get(f"{host.sso}/apifuse-sso").status == 307
    assert bob.get(f"{host.sso}/apifuse-sso").status == 403


def test_the_session_cookie_is_for_https_and_for_no_script(host: Host) -> None:
    (cookie,) = [each for each in signed_in(host).cookies if each.name == "sessionid"]

    assert cookie.secure
    assert cookie.has_nonstandard_attr("HttpOnly")


def test_nobody_arrives_without_a_session(host: Host) -> None:
    assert Visitor().code(host.sso) == "no_session"


@pytest.mark.shows("forged refused")
@pytest.mark.parametrize("change", [str.swapcase, lambda key: key[:-1], lambda _: "0" * 32])
def test_a_forged_session_is_refused(host: Host, change: Callable[[str], str]) -> None:
    visitor = signed_in(host)
    visitor.set("sessionid", change(visitor.cookie("sessionid")))

    assert visitor.code(host.sso) == "invalid_session"


@pytest.mark.shows("sign-out")
def test_a_sign_out_counts_at_once(host: Host) -> None:
    visitor = signed_in(host)
    old = visitor.cookie("sessionid")
    page = visitor.get(f"{host.origin}/login/")
    visitor.post(f"{host.origin}/logout/", page.form)
    assert [each.name for each in visitor.cookies] == ["csrftoken"]
    assert visitor.code(host.sso) == "no_session"

    stolen = signed_in(host)
    stolen.set("sessionid", old)
    assert stolen.code(host.sso) == "invalid_session"


@pytest.mark.shows("session end")
def test_who_has_an_expired_session_is_sent_to_the_login_once(host: Host) -> None:
    visitor = signed_in(host)
    host.run("shell", "-c", EXPIRE.format(visitor.cookie("sessionid")))
    assert visitor.code(host.sso) == "invalid_session"

    login = visitor.get(f"{host.sso}/pandium-sso").location
    (back,) = parse_qs(urlsplit(login).query)["next"]
    assert login.startswith(f"{host.origin}/login/")
    assert visitor.get(back).status == 401


@pytest.mark.parametrize("way", WAYS_OUT)
def test_who_is_put_out_of_the_host_is_out_here_at_once(host: Host, way: str) -> None:
    visitor = signed_in(host, "bob")
    host.run("shell", "-c", f"{BOB}{WAYS_OUT[way]}\nbob.save()")
    try:
        assert visitor.code(host.sso) == "invalid_session"
    finally:
        host.run("shell", "-c", f"{BOB}{BACK}\nbob.save()")


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "http:///evil.example", "x:y", "\\\\e.e"]
)
def test_the_login_leads_to_no_other_site(host: Host, address: str) -> None:
    visitor = Visitor()
    login = visitor.get(f"{host.origin}/login/")
    form = {**login.form, "username": "zoe", "password": PASSWORD, "next": address}

    assert visitor.post(login.address, form).location == f"{host.origin}/api/me"


def test_the_service_passes_its_own_check(host: Host) -> None:
    ended = run(host.variables(), "check", "--online")

    assert "/api/me: refuses a request without a session: 401" in ended.stdout


def test_django_refuses_a_name_that_it_does_not_know(host: Host, tmp_path: Path) -> None:
    other = Host(host.folder, names="app.acme.example")
    visitor = signed_in(host)

    with other.serving(), serving(other.variables(), tmp_path):
        assert visitor.code(other.sso) == "authenticator_unavailable"
        said = run(other.variables(), "check", "--online").stdout

    assert "answers 400 without a session" in said
    assert "Django: ALLOWED_HOSTS" in said


def test_django_leads_every_question_to_https_unless_told_otherwise(
    host: Host, tmp_path: Path
) -> None:
    other = Host(host.folder, settings="forgetful")
    visitor = signed_in(host)

    with other.serving(), serving(other.variables(), tmp_path):
        assert visitor.code(other.sso) == "invalid_session"
        said = run(other.variables(), "check", "--online").stdout

    assert "a redirect to its own https" in said
    assert "Django: SECURE_REDIRECT_EXEMPT" in said


def test_the_proxys_word_on_https_can_be_handed_on(host: Host, tmp_path: Path) -> None:
    other = Host(host.folder, settings="forgetful")
    visitor = signed_in(host)
    variables = {
        **other.variables(),
        "AUTH_INTROSPECTION_FORWARD_HEADERS": "X-Forwarded-Proto",
    }

    with other.serving(), serving(variables, tmp_path):
        assert visitor.get(f"{other.sso}/pandium-sso").user()["external_id"] == "1"
        said = run(variables, "check", "--online").stdout

    assert "/api/me: refuses a request without a session: 401" in said
