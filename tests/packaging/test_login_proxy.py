"""The nginx of the compose profile `login`: the real nginx and its real configuration.

Only the addresses are others. The login is a small server; behind it is another one, which says
what of a request has reached it, and then the real service with the settings of the compose file.
"""

import html
import json
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.packaging.login_proxy import (
    FORGED,
    NGINX,
    SIGNED_IN,
    Quiet,
    ask,
    nginx_in_front_of,
    running,
)
from tests.system.service import serving

PROJECT = Path(__file__).parents[2]
CONFIGURATION = PROJECT / "config/compose/nginx"
LONG_LOCATION = "https://marketplace.example/?token=" + "t" * (8000 - 35)
pytestmark = [
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: nginx-light)"),
    pytest.mark.timeout(60),
]


class Service(Quiet):
    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        seen = {"line": self.requestline, "headers": list(self.headers.items())}
        status = 307 if "X-Auth-Request-User" in self.headers else 401
        self.answer(status, {"Location": LONG_LOCATION}, json.dumps(seen).encode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(CONFIGURATION, tmp_path_factory.mktemp("nginx") / "conf")


@pytest.fixture(scope="module")
def nginx(folder: Path) -> Iterator[int]:
    with running(Service) as service_port, nginx_in_front_of(service_port, folder) as port:
        yield port


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """nginx before the real service, which has the settings and the secret of the compose file."""
    folder = tmp_path_factory.mktemp("whole")
    conf = shutil.copytree(CONFIGURATION, folder / "conf")
    (folder / "secrets").mkdir()
    (folder / "secrets/PANDIUM_SHARED_SECRET").write_text(secrets.token_hex(32))
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    environment = {
        name: re.sub(r"\$\{\w+:-(\w+)\}", r"\1", value)
        for name, value in compose["services"]["service"]["environment"].items()
    }
    environment["SECRETS_DIR"] = str(folder / "secrets")
    environment["AUTH_OAUTH2_PROXY_NGINX_TRUSTED_PROXIES"] = "127.0.0.1/32"
    with (
        serving(environment, folder / "service") as service,
        nginx_in_front_of(int(service.bind.rpartition(":")[2]), conf) as port,
    ):
        yield port


def seen_by_the_service(
    port: int, path: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    _, body = ask(port, path, headers)
    seen: dict[str, Any] = json.loads(body)
    return seen


def test_a_signed_in_user_reaches_the_service_with_the_identity_of_the_login(nginx: int) -> None:
    seen = seen_by_the_service(nginx, "/pandium-sso?integration_id=7&display=%2e", SIGNED_IN)

    headers = dict(seen["headers"])
    assert seen["line"] == "GET /pandium-sso?integration_id=7&display=%2e HTTP/1.1"
    assert headers["X-Auth-Request-User"] == "u-17"
    assert headers["X-Auth-Request-Email"] == "ada@acme.example"


@pytest.mark.requirement("R21", "R23")
def test_no_identity_header_of_the_visitor_reaches_the_service(nginx: int) -> None:
    forged = dict.fromkeys(set(FORGED) - {"Authorization"}, "mallory")

    signed_in = seen_by_the_service(nginx, "/pandium-sso", {**SIGNED_IN, **forged})
    signed_out = seen_by_the_service(nginx, "/pandium-sso", forged)

    assert "mallory" not in json.dumps([signed_in, signed_out])
    assert not {name for name, _ in signed_out["headers"] if "auth" in name.lower()}


def test_a_clients_own_token_reaches_the_service_which_verifies_it(nginx: int) -> None:
    seen = seen_by_the_service(nginx, "/pandium-sso", {"Authorization": "Bearer a-token"})

    assert dict(seen["headers"])["Authorization"] == "Bearer a-token"


def test_without_a_session_the_service_answers_and_knows_the_kind_of_request(nginx: int) -> None:
    frame = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Accept": "text/html"}

    response, body = ask(nginx, "/pandium-sso", frame)

    assert response.status == 401
    assert frame.items() <= dict(json.loads(body)["headers"]).items()


def test_where_the_login_cannot_decide_the_service_is_not_asked(nginx: int) -> None:
    response, body = ask(nginx, "/pandium-sso", {"Cookie": "_oauth2_proxy=unreadable"})

    assert response.status == 500
    assert b"X-Auth-Request" not in body


def test_the_access_log_has_neither_query_nor_referer(nginx: int, folder: Path) -> None:
    ask(nginx, "/oauth2/callback?code=one-time-code", {"Referer": "http://localhost/?a=secret"})
    ask(nginx, "/pandium-sso?integration_settings=private", SIGNED_IN)

    log = (folder / "access.log").read_text()
    assert '"GET /oauth2/callback" 200' in log
    assert '"GET /pandium-sso" 307' in log
    assert not re.search("one-time-code|secret|private", log)


def test_a_redirect_with_a_long_token_passes_whole(nginx: int) -> None:
    response, _ = ask(nginx, "/pandium-sso", SIGNED_IN)

    assert response.status == 307
    assert response.headers["Location"] == LONG_LOCATION
    assert len(LONG_LOCATION) == 8000


def test_the_session_cookie_of_the_login_stays_with_the_login(nginx: int) -> None:
    seen = seen_by_the_service(nginx, "/apifuse-sso/listing/12", SIGNED_IN)

    assert "cookie" not in {name.lower() for name, _ in seen["headers"]}


@pytest.mark.parametrize(
    "path",
    ["/livez", "/readyz", "/healthz", "/version", "/metrics", "/pandium-ssox", "/x/pandium-sso"],
)
def test_only_the_prefixes_of_the_service_are_passed(nginx: int, path: str) -> None:
    response, _ = ask(nginx, path, SIGNED_IN)

    assert response.status == 404


def test_the_question_to_the_login_cannot_be_asked_from_outside(nginx: int) -> None:
    response, _ = ask(nginx, "/oauth2/auth", SIGNED_IN)

    assert response.status == 404


def test_the_pages_of_the_login_are_passed(nginx: int) -> None:
    assert ask(nginx, "/oauth2/start?rd=/pandium-sso")[1] == b"login /oauth2/start?rd=/pandium-sso"
    assert ask(nginx, "/dex/auth")[1] == b"login /dex/auth"


def test_the_whole_line_signs_on_a_user_of_the_login(whole: int) -> None:
    response, body = ask(whole, "/pandium-sso", SIGNED_IN)

    assert response.status == 307
    assert response.headers["Location"].startswith("https://imp.sandbox.pandium.com/acme?tenant=")
    assert body == b""


@pytest.mark.parametrize(
    ("destination", "status"), [("document", 302), ("iframe", 401)], ids=["page", "frame"]
)
def test_the_whole_line_sends_a_page_to_the_login_and_not_a_frame(
    whole: int, destination: str, status: int
) -> None:
    forged = dict.fromkeys(FORGED, "mallory")
    browser = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": destination, "Accept": "text/html"}

    response, body = ask(whole, "/pandium-sso", {**forged, **browser})

    login = "http://localhost:8080/oauth2/start?rd=http%3A%2F%2Flocalhost%3A8080%2Fpandium-sso"
    assert response.status == status
    led_to = str(response.headers["Location"])
    assert led_to.startswith(f"{login}%3Fsso_attempt%3D") if status == 302 else led_to == "None"
    assert (login in html.unescape(body.decode())) == (status == 401)


def test_every_upstream_is_a_service_of_the_compose_file() -> None:
    compose = (PROJECT / "docker-compose.yml").read_text()
    upstreams = re.findall(r"server ([a-z0-9-]+):\d+;", (CONFIGURATION / "nginx.conf").read_text())

    assert sorted(upstreams) == ["dex", "oauth2-proxy", "service"]
    assert all(f"\n  {name}:\n" in compose for name in upstreams)
