"""A token that the vendor's API gives: asked once, within bounds, at its own address (R68)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from falcon.testing import ASGIConductor, Result
from joserfc import jwt as vendors_library
from joserfc.jwk import import_key

from app.main import create_app
from tests.authenticators.introspection.hosts import Host, running
from tests.destinations.sample_rows import Rows, pem, secret
from tests.in_process import Load, Server, problems
from tests.samples import ADA, NOW, PROXY

KEY = {"DESTINATION_X_KEY": "of-the-api-17"}
ROW = """[x]
address = "https://x.example/sso"
parameter = "jwt"
claims = {{ sub = "{{subject}}" }}
[x.exchange]
url = "{url}"
headers = {{ Authorization = "Bearer {{key}}", X-Org = "{{org_id}}" }}
json = {{ user = "{{subject}}", mail = "{{email}}", org = "{{org_name}}", n = 1 }}
token = "data.link_token"
expires_in = "data.ttl"
"""
Get = Callable[..., Awaitable[Result]]


async def good(_: web.Request) -> web.Response:
    return web.json_response({"data": {"link_token": "from-the-vendor", "ttl": 60}})


@pytest.fixture
async def api() -> AsyncIterator[Host]:
    async with running(good) as api:
        yield api


@asynccontextmanager
async def serving(load: Load, *variables: dict[str, str]) -> AsyncIterator[Get]:
    config = load(PROXY, *variables, now=lambda: NOW)
    app = Server(create_app(config, now=lambda: NOW))
    async with ASGIConductor(app) as conductor:

        async def get(path: str = "/x-sso", **more: str) -> Result:
            return await conductor.simulate_get(
                path, headers={**ADA, **more}, remote_addr="127.0.0.1"
            )

        yield get


async def test_the_token_is_the_one_that_the_api_gives(load: Load, rows: Rows, api: Host) -> None:
    async with serving(load, rows(ROW.format(url=api.url)), KEY) as get:
        first, second = await get(), await get(Accept="application/json")

    assert first.status_code == 307
    assert first.headers["location"] == "https://x.example/sso?jwt=from-the-vendor#"
    assert second.json["expires_at"] == int(NOW) + 60
    assert [asked.path for asked in api.asked] == ["/api/me", "/api/me"]
    asked = api.asked[0]
    assert (asked.method, asked.headers["Authorization"]) == ("POST", "Bearer of-the-api-17")
    assert asked.headers["Content-Type"] == "application/json"
    assert "X-Org" not in asked.headers
    assert json.loads(api.bodies[0]) == {"user": "u-17", "mail": "ada@acme.example", "n": 1}


async def test_an_api_may_want_a_form(load: Load, rows: Rows, api: Host) -> None:
    row = f"""[x]
address = "https://x.example/"
fragment = "{{token}}"
[x.exchange]
url = "{api.url}"
form = {{ secret = "{{key}}", user = "{{subject}} & more" }}
token = "data.link_token"
expires_in = 30
"""
    async with serving(load, rows(row), KEY) as get:
        answer = await get()

    assert answer.headers["location"] == "https://x.example/#from-the-vendor"
    assert parse_qs(api.bodies[0]) == {"secret": ["of-the-api-17"], "user": ["u-17 & more"]}
    assert api.asked[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


async def test_a_form_and_a_header_have_values_as_json_has_them(
    load: Load, rows: Rows, api: Host
) -> None:
    row = f"""[x]
address = "https://x.example/"
parameter = "t"
[x.exchange]
url = "{api.url}"
headers = {{ X-Groups = "{{groups}}", X-Key = "{{key}}" }}
form = {{ checked = "{{claims.checked}}", groups = "{{groups}}", n = "{{now}}" }}
token = "data.link_token"
"""
    claims = {"AUTH_OAUTH2_PROXY_CLAIM_HEADERS": "checked=X-Checked"}
    user = {"X-Forwarded-Groups": "a,b", "X-Checked": "no"}
    async with serving(load, rows(row), KEY, claims) as get:
        assert (await get(**user)).status_code == 307

    form = parse_qs(api.bodies[0])
    assert form == {"checked": ["no"], "groups": ['["a", "b"]'], "n": [str(int(NOW))]}
    assert api.asked[0].headers["X-Groups"] == '["a", "b"]'


async def test_an_api_may_want_a_signed_assertion(load: Load, rows: Rows, api: Host) -> None:
    private = rsa.generate_private_key(65537, 2048)
    row = f"""[x]
address = "https://x.example/"
parameter = "t"
algorithm = "RS256"
lifetime_seconds = 60
claims = {{ sub = "{{subject}}", aud = "the-api", exp = "{{expires_at}}" }}
[x.exchange]
url = "{api.url}"
form = {{ grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion = "{{assertion}}" }}
token = "data.link_token"
"""
    async with serving(load, rows(row), {"DESTINATION_X_KEY": pem(private)}) as get:
        assert (await get()).status_code == 307
        keys = (await get("/x-sso/jwks.json")).json["keys"]

    (assertion,) = parse_qs(api.bodies[0])["assertion"]
    read = vendors_library.decode(assertion, import_key(keys[0]), algorithms=["RS256"])
    assert read.claims == {"sub": "u-17", "aud": "the-api", "exp": int(NOW) + 60}


def answering(**answer: Any) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answered(_: web.Request) -> web.StreamResponse:
        return web.Response(**answer)

    return answered


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    raise AssertionError


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(300):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def hanging_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


HUSH = "hush-of-the-vendor"
TEXT = json.dumps({"data": {"link_token": HUSH}})
FAILURES: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "500": answering(status=500, text=TEXT),
    "401": answering(status=401, text=TEXT),
    "a redirect": answering(status=307, headers={"Location": "/elsewhere"}, text=TEXT),
    "HTML": answering(text=f"<html>{HUSH}</html>"),
    "nothing": answering(text=""),
    "no object": answering(text=json.dumps([HUSH])),
    "no token": answering(text=json.dumps({"data": {"other": HUSH}})),
    "a number": answering(text='{"data": {"link_token": 17}}'),
    "an empty token": answering(text='{"data": {"link_token": ""}}'),
    "a token with a line end": answering(text='{"data": {"link_token": "a\\r\\nb"}}'),
    "a token of 17 KiB": answering(text=json.dumps({"data": {"link_token": "x" * 17408}})),
    "the token twice": answering(text='{"data": {"link_token": "a", "link_token": "b"}}'),
    "10 MB": answering(text=TEXT + " " * 10_000_000),
    "deep nesting": answering(text="[" * 100_000),
    "not UTF-8": answering(body=b'{"data": {"link_token": "\xff"}}'),
    "nothing in time": never,
    "a drip": dripping,
    "no answer": hanging_up,
}


@pytest.mark.requirement("R68", "R45")
@pytest.mark.parametrize("failure", FAILURES)
async def test_an_api_that_gives_no_token_is_a_502(
    load: Load,
    rows: Rows,
    api: Host,
    failure: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("app.destinations.exchange.TIMEOUT_SECONDS", 0.3)
    api.answer = FAILURES[failure]
    async with serving(load, rows(ROW.format(url=api.url)), KEY) as get:
        answer = await get()
        page = await get(**{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})

    assert (answer.status_code, answer.json["code"]) == (502, "vendor_unavailable")
    assert (page.status_code, "Try again" in page.text) == (502, True)
    assert len(api.asked) == 2, "nothing is asked twice"
    assert "location" not in answer.headers
    logged = capsys.readouterr()
    for hidden in (HUSH, "of-the-api-17", "u-17", "ada@acme.example"):
        assert hidden not in answer.text + page.text + logged.out + logged.err


@pytest.mark.requirement("R68")
async def test_nothing_of_a_request_changes_whom_the_secret_is_sent_to(
    load: Load, rows: Rows, api: Host
) -> None:
    row = ROW.format(url=api.url).replace(
        "[x.exchange]",
        "[x.pages.p]\npath = 'p/{id}'\naddress = 'https://x.example/{id}'\n[x.exchange]",
    )
    async with serving(load, rows(row), KEY) as get:
        for path in ("/x-sso/p/evil.example", "/x-sso/p/..", "/x-sso?url=https://evil.example"):
            await get(path, Host="evil.example", **{"X-Forwarded-Host": "evil.example"})

    assert {(asked.path_qs, asked.host) for asked in api.asked} == {
        ("/api/me", f"127.0.0.1:{api.port}")
    }


@pytest.mark.requirement("R68")
async def test_a_user_who_may_not_is_asked_about_nobody(load: Load, rows: Rows, api: Host) -> None:
    row = ROW.format(url=api.url).replace("parameter", "allowed_groups = ['a']\nparameter")
    async with serving(load, rows(row), KEY) as get:
        assert (await get()).status_code == 403

    assert api.asked == []


@pytest.mark.requirement("R68")
async def test_a_value_that_no_header_can_have_is_not_sent(
    load: Load, rows: Rows, api: Host
) -> None:
    row = ROW.format(url=api.url).replace('X-Org = "{org_id}"', 'X-Name = "{name}"')
    proxy = {"AUTH_OAUTH2_PROXY_NAME_HEADER": "X-Name"}
    async with serving(load, rows(row), KEY, proxy) as get:
        answer = await get(**{"X-Name": "Ad\u00e9"})

    assert answer.status_code == 502
    assert api.asked == []


@pytest.mark.requirement("R66", "R68")
@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ('url = "http://127.0.0.1:1/"', 'url = "https://{org_id}.x/"', "url", "placeholder"),
        ('url = "http://127.0.0.1:1/"', 'url = "http://x.example/"', "url", "plain http"),
        ('url = "http://127.0.0.1:1/"', 'url = "https://a@x.example/"', "url", "user information"),
        ("{key}", "{kye}", "headers", "nothing provides {kye}"),
        ("{email}", "{emial}", "json", "nothing provides {emial}"),
        ("Authorization", "Host", "headers", "sets itself"),
        ("Authorization", "'a b'", "headers", "not a header name"),
        ("Bearer {key}", "Bearer", "", "proves nothing to the vendor"),
        ('"data.link_token"', '"data..x"', "token", "pattern"),
        ('"data.ttl"', "0", "expires_in", "at least one second"),
        ('"data.ttl"', '"a..b"', "expires_in", "neither a number"),
        ('X-Org = "{org_id}"', "X-Org = 'ü'", "", "header X-Org would have a value"),
        ("n = 1", "n = nan", "json.n", "not a finite number"),
        ("token = ", "form = {}\ntoken = ", "", "keep one of them"),
        ("token = ", "method = 'GET'\ntoken = ", "method", "is not a known key"),
    ],
)  # fmt: skip
def test_an_exchange_that_cannot_be_asked_is_a_problem(
    load: Load, rows: Rows, old: str, new: str, key: str, words: str
) -> None:
    row = ROW.format(url="http://127.0.0.1:1/")
    assert old in row

    found = problems(load, PROXY, rows(row.replace(old, new, 1)), KEY)

    named = [wrong for name, wrong in found.items() if name.endswith((f"exchange.{key}", "[x]"))]
    named += [found.get("rows.toml [x] exchange", "")]
    assert words in " ".join(named)


@pytest.mark.requirement("R66", "R68")
def test_a_private_key_is_never_sent(load: Load, rows: Rows) -> None:
    row = ROW.format(url="http://127.0.0.1:1/").replace("parameter", "algorithm='RS256'\nparameter")

    found = problems(load, PROXY, rows(row), KEY)

    assert "the private key of RS256" in found["rows.toml [x] exchange"]


MERGE = """[merge]
address = "https://app.merge.dev/"
delivery = "json"
answer = {{ link_token = "{{token}}" }}
[merge.exchange]
url = "{url}integrations/create-link-token"
headers = {{ Authorization = "Bearer {{key}}" }}
token = "link_token"
[merge.exchange.json]
end_user_origin_id = "{{org_id|subject}}"
end_user_organization_name = "{{org_name|email}}"
end_user_email_address = "{{email}}"
categories = ["hris", "ats"]
"""


async def merge(request: web.Request) -> web.Response:
    """Answer as Merge's reference says of POST /api/integrations/create-link-token."""
    if request.headers.get("Authorization") != f"Bearer {secret('merge')}":
        return web.json_response({"detail": "Invalid token."}, status=401)
    asked = await request.json()
    wanted = ("end_user_origin_id", "end_user_organization_name", "end_user_email_address")
    if missing := [name for name in (*wanted, "categories") if not asked.get(name)]:
        return web.json_response(
            {name: ["This field is required."] for name in missing}, status=400
        )
    return web.json_response({"link_token": "lt-1", "integration_name": None})


async def test_merge_gives_its_link_token(load: Load, rows: Rows) -> None:
    async with running(merge) as api:
        row = rows(MERGE.format(url=api.url.removesuffix("me")))
        key = {"DESTINATION_MERGE_KEY": secret("merge")}
        async with serving(load, row, key) as get:
            assert (await get("/merge-sso")).json == {"link_token": "lt-1"}
        async with serving(load, row, {"DESTINATION_MERGE_KEY": secret("other")}) as get:
            assert (await get("/merge-sso")).status_code == 502
        assert {asked.path for asked in api.asked} == {"/api/integrations/create-link-token"}


LUZMO = """[luzmo]
address = "https://app.luzmo.com/"
delivery = "json"
answer = {{ authKey = "{{exchanged.id}}", authToken = "{{token}}", until = "{{expires_at}}" }}
[luzmo.exchange]
url = "{url}"
token = "token"
expires_in = 86400
[luzmo.exchange.json]
action = "create"
version = "0.1.0"
key = "api-key-id"
token = "{{key}}"
properties = {{ type = "embed", username = "{{subject}}", email = "{{email}}", name = "{{email}}" }}
"""


async def luzmo(request: web.Request) -> web.Response:
    """Answer as Luzmo's reference says of creating an Authorization."""
    asked = await request.json()
    if (asked["key"], asked["token"]) != ("api-key-id", secret("luzmo")):
        return web.json_response({"type": {"code": 401}, "message": "Unauthorized"}, status=401)
    assert asked["properties"]["type"] == "embed"
    return web.json_response({"type": "embed", "id": "auth-1", "token": "t-1", "user_id": "u"})


async def test_luzmo_gives_a_key_and_a_token(load: Load, rows: Rows) -> None:
    async with running(luzmo) as api:
        key = {"DESTINATION_LUZMO_KEY": secret("luzmo")}
        async with serving(load, rows(LUZMO.format(url=api.url)), key) as get:
            answer = await get("/luzmo-sso")

    assert answer.json == {"authKey": "auth-1", "authToken": "t-1", "until": int(NOW) + 86400}


PORTAL = """[portal]
address = "https://billing.x.example/"
[portal.parameters]
flow = {{ values = ["payment", "cancel"], forward = false }}
[portal.exchange]
url = "{url}"
headers = {{ Authorization = "Bearer {{key}}" }}
form = {{ customer = "{{org_id|subject}}", "flow_data[type]" = "{{parameter.flow}}" }}
location = "session.url"
"""
PORTAL_KEY = {"DESTINATION_PORTAL_KEY": "of-the-api-17"}
DOCUMENT = (Path(__file__).parents[2] / "docs" / "destinations.md").read_text(encoding="utf-8")
GIVEN = "https://billing.x.example/p/session/a%2Fb?x=1&y=2"


async def test_the_documented_row_for_nango_asks_for_a_connect_link(
    load: Load, rows: Rows, api: Host
) -> None:
    (row,) = re.findall(r"```toml\n(\[nango\]\n.*?)```", DOCUMENT, re.DOTALL)
    link = "https://connect.nango.dev/?session_token=once"
    data = {"token": "once", "connect_link": link, "expires_at": "2026-11-26T10:30:00Z"}
    api.answer = answering(status=201, text=json.dumps({"data": data}))
    row = row.replace("https://api.nango.dev/connect/sessions", api.url)
    async with serving(load, rows(row), {"DESTINATION_NANGO_KEY": "of-the-api-17"}) as get:
        answer = await get("/nango-sso")

    assert answer.headers["location"] == f"{link}#"
    assert api.asked[0].headers["Authorization"] == "Bearer of-the-api-17"
    tags = {"end_user_id": "u-17", "end_user_email": "ada@acme.example"}
    assert json.loads(api.bodies[0]) == {"tags": tags}


def giving(address: object) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    return answering(text=json.dumps({"session": {"url": address}}))


@pytest.mark.requirement("R68", "R29", "R32")
@pytest.mark.parametrize("fragment", ["", "#", "#/account?a=b"])
async def test_an_api_may_give_the_whole_address(
    load: Load, rows: Rows, api: Host, fragment: str
) -> None:
    api.answer = giving(GIVEN + fragment)
    async with serving(load, rows(PORTAL.format(url=api.url)), PORTAL_KEY) as get:
        answer = await get("/portal-sso?flow=cancel&x=2")
        script = await get("/portal-sso", Accept="application/json")

    assert answer.status_code == 307
    assert answer.headers["location"] == GIVEN + (fragment or "#")
    assert script.json["url"] == answer.headers["location"]
    assert script.json["origin"] == "https://billing.x.example"
    assert parse_qs(api.bodies[0]) == {"customer": ["u-17"], "flow_data[type]": ["cancel"]}


@pytest.mark.requirement("R68", "R29")
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/p",
        "https://billing.x.example.evil.example/p",
        "https://billing.x.example@evil.example/p",
        "https://evil.example\\@billing.x.example/p",
        "https://billing.x.example:8443/p",
        "http://billing.x.example/p",
        "//billing.x.example/p",
        "/p/session",
        "https:billing.x.example/p",
        "javascript:alert(1)",
        "https://billing.x.example/p q",
        "https://billing.x.example/p\r\nX: y",
        "https://bill\u0131ng.x.example/p",
        "https://evil.example#https://billing.x.example/",
        "",
        17,
        None,
    ],
)
async def test_an_address_of_somebody_else_is_a_502(
    load: Load, rows: Rows, api: Host, address: object
) -> None:
    api.answer = giving(address)
    async with serving(load, rows(PORTAL.format(url=api.url)), PORTAL_KEY) as get:
        answer = await get("/portal-sso")

    assert (answer.status_code, answer.json["code"]) == (502, "vendor_unavailable")
    assert "location" not in answer.headers


async def test_an_address_that_is_too_long_is_never_cut(load: Load, rows: Rows, api: Host) -> None:
    api.answer = giving(GIVEN + "x" * 8000)
    async with serving(load, rows(PORTAL.format(url=api.url)), PORTAL_KEY) as get:
        answer = await get("/portal-sso")

    assert (answer.status_code, answer.json["code"]) == (500, "location_too_long")


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    ("old", "new", "key", "words"),
    [
        ("location =", 'token = "t"\nlocation =', "exchange", "exactly one"),
        ('location = "session.url"', "", "exchange", "exactly one"),
        ('.example/"\n', ".example/\"\nparameter = 't'\n", "parameter", "set exactly one"),
        ('.example/"\n', '.example/{{token}}"\n', "parameter", "set exactly one"),
        ("forward = false", "forward = true", "exchange.location", "set forward = false"),
        ("[portal.parameters]", "delivery='form'\n[portal.parameters]", "exchange.location", "go"),
    ],
)  # fmt: skip
def test_a_row_that_an_address_does_not_fit_is_a_problem(
    load: Load, rows: Rows, old: str, new: str, key: str, words: str
) -> None:
    assert old in PORTAL
    row = PORTAL.replace(old, new, 1).format(url="http://127.0.0.1:1/")

    found = problems(load, PROXY, rows(row), PORTAL_KEY)

    assert words in found[f"rows.toml [portal] {key}"], found
