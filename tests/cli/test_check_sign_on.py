"""`check --online --sign-on`: what the vendor says of a real token, and who may frame its page."""

import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from app.authenticators.contract import ProbeResult
from app.cli.check_sign_on import open_pages
from app.identity import Identity
from app.tokens.jws import InvalidToken, hmac_key, verify
from tests.authenticators.introspection.hosts import Host, running
from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import APIFUSE, PROXY

HOST = "https://app.acme.example"
ADA = Identity(subject="u-17", email="ada@acme.example")
ROW_SECRET = "row-0f1e2d3c4b5a69788796a5b4c3d2e1f0"


def accepts(token: str, secret: str = ROW_SECRET) -> bool:
    try:
        verify(token, hmac_key(secret.encode()))
    except InvalidToken:
        return False
    return True


def row(address: str, *more: str) -> str:
    lines = ("[x]", f'address = "{address}"', 'parameter = "jwt"', 'algorithm = "HS256"')
    claims = 'claims = { iat = "{issued_at}", sub = "{subject}", email = "{email}" }'
    return "\n".join((*lines, "lifetime_seconds = 60", *more, claims))


@pytest.fixture
def tried(load: Load, tmp_path: Path) -> Callable[..., Awaitable[dict[str, ProbeResult]]]:
    async def found(
        host: Host, *more: str, user: Identity = ADA, origins: tuple[str, ...] = (HOST,)
    ) -> dict[str, ProbeResult]:
        rows = tmp_path / "rows.toml"
        rows.write_text(row(f"http://127.0.0.1:{host.port}/sso", *more))
        config = load(PROXY, SSO_DESTINATIONS_FILE=str(rows), DESTINATION_X_KEY=ROW_SECRET)
        results = await open_pages(config.destinations, user, origins)
        return {each.what: each for each in results}

    return found


Tried = Callable[..., Awaitable[dict[str, ProbeResult]]]


def vendor(status_of_forged: int, **headers: str) -> Any:
    async def answer(asked: web.Request) -> web.Response:
        form = await asked.post()
        token = str(asked.query.get("jwt") or form.get("jwt"))
        return web.Response(status=200 if accepts(token) else status_of_forged, headers=headers)

    return answer


@pytest.mark.parametrize("more", [(), ('delivery = "form"',)], ids=["redirect", "form"])
async def test_a_vendor_that_verifies_says_so(tried: Tried, more: tuple[str, ...]) -> None:
    async with running(vendor(401)) as host:
        found = await tried(host, *more)

    assert found["sign-on x main"].found == "the token is accepted: 200; a forged one is not: 401"
    assert all(each.ok for each in found.values())
    assert [asked.method for asked in host.asked] == (["POST"] if more else ["GET"]) * 2


async def test_a_page_that_takes_anything_tells_nothing(tried: Tried) -> None:
    async with running(vendor(200)) as host:
        (sign_on, _) = (await tried(host)).values()

    assert sign_on.ok
    assert "to a forged token too: only a browser can tell" in sign_on.found


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
async def test_a_vendor_that_refuses_comes_with_a_remedy(tried: Tried, status: int) -> None:
    async def refuses(_: web.Request) -> web.Response:
        return web.Response(status=status, text="sub=u-17")

    async with running(refuses) as host:
        (sign_on, _) = (await tried(host)).values()

    assert str(status) in sign_on.found
    assert ("mint" in (sign_on.remedy or "")) == (status < 500)
    assert sign_on.remedy


async def test_no_token_is_ever_told(tried: Tried) -> None:
    async def sends_on(asked: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"/next?jwt={asked.query['jwt']}"})

    async with running(sends_on) as host:
        found = await tried(host)

    assert "eyJ" in str([str(asked.url) for asked in host.asked])
    assert "eyJ" not in str(found)


async def test_a_redirect_is_followed_within_the_vendor_and_no_further(tried: Tried) -> None:
    async def sends_on(asked: web.Request) -> web.Response:
        places = {"/sso": "/inside", "/inside": "https://elsewhere.example/out?x=1"}
        return web.Response(status=303, headers={"Location": places[asked.path]})

    async with running(sends_on) as host:
        sign_on, frame = (await tried(host)).values()

    assert [asked.path for asked in host.asked] == ["/sso", "/inside"] * 2
    assert f"303 at http://127.0.0.1:{host.port}/inside" in sign_on.found
    assert frame.found == "not known: the page after the redirect decides"


@pytest.mark.parametrize("locations", [(), ("/a", "/b"), ("javascript:alert(1)",), ("//[",)])
async def test_a_redirect_to_nowhere_is_an_answer(tried: Tried, locations: tuple[str, ...]) -> None:
    async def nowhere(_: web.Request) -> web.Response:
        answer = web.Response(status=302)
        for location in locations:
            answer.headers.add("Location", location)
        return answer

    async with running(nowhere) as host:
        (sign_on, _) = (await tried(host)).values()

    assert "302" in sign_on.found


async def test_redirects_without_an_end_have_one(tried: Tried) -> None:
    async def again(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/sso"})

    async with running(again) as host:
        await tried(host)

    assert len(host.asked) == 12


async def test_a_token_in_a_fragment_is_for_browsers(load: Load, tmp_path: Path) -> None:
    rows = tmp_path / "rows.toml"
    async with running(vendor(401)) as host:
        in_query = row(f"http://127.0.0.1:{host.port}/sso")
        rows.write_text(in_query.replace('parameter = "jwt"', 'fragment = "jwt={token}"'))
        config = load(PROXY, SSO_DESTINATIONS_FILE=str(rows), DESTINATION_X_KEY=ROW_SECRET)
        (sign_on,) = await open_pages(config.destinations, ADA, (HOST,))

    assert "only a browser reads its fragment" in sign_on.found
    assert host.asked == []


async def test_json_for_a_script_opens_no_page(tried: Tried) -> None:
    async with running(vendor(401)) as host:
        found = await tried(host, 'delivery = "json"')

    assert "no page is opened" in found["sign-on x main"].found
    assert host.asked == []


async def test_what_the_sample_user_lacks_is_named(tried: Tried) -> None:
    async with running(vendor(401)) as host:
        found = await tried(host, 'required = ["email"]', user=Identity(subject="u-17"))

    assert "email" in found["sign-on x main"].found
    assert "--email" in (found["sign-on x main"].remedy or "")


async def test_a_vendor_that_cannot_be_reached_fails(tried: Tried) -> None:
    async with running(vendor(401)) as host:
        pass
    (sign_on,) = (await tried(host)).values()

    assert not sign_on.ok
    assert "cannot be connected to" in sign_on.found


async def test_a_page_whose_id_nobody_has_listed_is_not_opened(load: Load) -> None:
    config = load(PROXY, APIFUSE)
    listing = [each for each in config.destinations if each.page == "listing"]

    (result,) = await open_pages(listing, ADA, (HOST,))

    assert "not opened" in result.found


async def test_who_may_frame_it_is_told_for_each_origin(tried: Tried) -> None:
    policy = {"Content-Security-Policy": f"frame-ancestors {HOST}"}
    async with running(vendor(401, **policy)) as host:
        found = await tried(host, origins=(HOST, "https://beta.acme.example"))

    allowed, refused = found[f"frame x main in {HOST}"], list(found.values())[-1]
    assert allowed.ok
    assert refused.found == f"Content-Security-Policy: frame-ancestors {HOST}"
    assert "https://beta.acme.example" in (refused.remedy or "")


class Marketplace(ThreadingHTTPServer):
    """A vendor in a thread of its own, for a command that runs a loop of its own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = parse_qs(urlsplit(self.path).query).get("jwt", [""])[0]
        self.send_response(200 if accepts(token) else 401 if token else 404)
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def marketplace() -> Iterator[str]:
    with Marketplace() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/sso"
        server.shutdown()
        thread.join()


@pytest.fixture
def configured(load: Load, marketplace: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.toml"
    rows.write_text(row(marketplace))
    load(
        PROXY,
        SSO_DESTINATIONS_FILE=str(rows),
        DESTINATION_X_KEY=ROW_SECRET,
        SSO_HOST_ORIGINS=HOST,
    )


@pytest.mark.usefixtures("configured")
def test_the_command_prints_it_and_fails_where_a_frame_stays_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = run(capsys, "check", "--online", "--sign-on", "--email", "ada@acme.example")

    assert status == 1
    assert "sign-on x main: the token is accepted: 200; a forged one is not: 401" in out
    assert f"frame x main in {HOST}: X-Frame-Options: deny" in out
    assert "ask the vendor's support" in out


@pytest.mark.usefixtures("configured")
def test_sign_on_without_online_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "check", "--sign-on")

    assert status == 2
    assert "add --online" in err


@pytest.mark.usefixtures("configured")
def test_a_user_that_nobody_can_be_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "check", "--online", "--sign-on", "--email", "no address")

    assert status == 2
    assert "email" in err
