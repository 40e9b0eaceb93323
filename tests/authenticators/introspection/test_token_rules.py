"""An active token is not yet a session: what the server must say of it, and how it is asked."""

import base64
import contextlib
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.http_client import Answer
from app.authenticators.introspection.answers import Answers
from app.authenticators.introspection.token_rules import TokenRules, token_rules
from app.authenticators.introspection.variables import IntrospectionVariables
from app.errors import InvalidCredential, SignOnError
from app.identity import InvalidIdentity
from tests.authenticators.introspection.hosts import request, running
from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import PANDIUM

NOW = 1_800_000_000
ISSUER = "https://login.example"
SAID: dict[str, Any] = {
    "active": True,
    "iss": ISSUER,
    "aud": ["account", "marketplace"],
    "sub": "u-17",
    "client_id": "shop",
    "azp": "shop",
    "username": "ada",
    "scope": "openid marketplace profile",
    "token_type": "Bearer",
    "exp": NOW + 60,
}
ASKING = {
    "AUTH_RFC7662_URL": "https://login.example/introspect",
    "AUTH_RFC7662_FORWARD_HEADERS": "Authorization",
    "AUTH_RFC7662_CLIENT_ID": "market:place",
    "AUTH_RFC7662_CLIENT_SECRET": "s3cret/with+signs",
    "AUTH_RFC7662_ISSUER": ISSUER,
    "AUTH_RFC7662_AUDIENCE": "marketplace,other",
}


def variables(**changed: Any) -> IntrospectionVariables:
    usual = {
        "mode": "rfc7662",
        "url": "https://login.example/introspect",
        "forward_cookies": "token",
        "client_id": "me",
        "client_secret": "s3cret",
        "issuer": ISSUER,
        "audience": "marketplace",
    }
    return IntrospectionVariables(_env_prefix="NOWHERE_", **{**usual, **changed})


def rules(**changed: Any) -> TokenRules:
    return token_rules(variables(**changed), prefix="AUTH_RFC7662_", now=lambda: NOW)


@pytest.mark.requirement("R57")
@pytest.mark.parametrize(
    "said",
    [
        {},
        {"aud": "marketplace"},
        {"token_type": None, "scope": None},
        {"token_type": "bearer"},
        {"token_type": "access_token"},
        {"token_use": "access_token", "token_type": "Bearer"},
        {"token_use": "access"},
        {"typ": "Bearer"},
        {"typ": "at+jwt"},
        {"typ": "application/at+jwt"},
        {"nbf": NOW + 30},
        {"nbf": NOW - 0.5},
        {"nbf": None, "cnf": None},
        # dex: a user, who has a connector, too; and what only looks like a client's message.
        {"sub": "CgdhY2NvdW50EgVsb2NhbA"},
        {"sub": "EgdhY2NvdW50"},
    ],
)
def test_a_users_token_for_us_is_a_session(said: dict[str, Any]) -> None:
    rules().check({**SAID, **said})


@pytest.mark.requirement("R57", "R10")
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"active": "true"}, "not active"),
        ({"iss": ...}, "another issuer"),
        ({"iss": f"{ISSUER}/"}, "another issuer"),
        ({"iss": {"a": 1}}, "another issuer"),
        ({"aud": ...}, "another audience"),
        ({"aud": "account"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": ["marketplace", 1]}, "another audience"),
        ({"aud": "marketplace account"}, "another audience"),
        ({"token_type": "refresh_token"}, "not an access token"),
        ({"token_type": "DPoP"}, "not an access token"),
        ({"token_type": "N_A"}, "not an access token"),
        ({"token_type": 1}, "not an access token"),
        ({"token_use": "refresh_token"}, "not an access token"),
        ({"token_use": "id"}, "not an access token"),
        ({"typ": "Refresh"}, "not an access token"),
        ({"typ": "Offline"}, "not an access token"),
        ({"typ": "ID"}, "not an access token"),
        ({"typ": []}, "not an access token"),
        ({"cnf": {"x5t#S256": "x"}}, "bound to a key"),
        ({"cnf": {"jkt": "x"}}, "bound to a key"),
        ({"cnf": {}}, "bound to a key"),
        ({"sub": "shop"}, "client's own"),
        # dex: a message of the id, whose length has one byte or two, and of no connector.
        ({"sub": "CgdhY2NvdW50"}, "client's own"),
        ({"sub": "CgNhcHA", "aud": "app"}, "client's own"),
        ({"sub": "CqwC" + 100 * "Y2Nj", "aud": [300 * "c", "marketplace"]}, "client's own"),
        ({"sub": "CgNhcHA", "aud": ["\ud800", "marketplace", "app"]}, "client's own"),
        ({"username": "service-account-shop"}, "client's own"),
        ({"gty": "client-credentials"}, "client's own"),
        ({"grant_type": "client_credentials"}, "client's own"),
        ({"nbf": NOW + 31}, "not hold yet"),
        ({"nbf": NOW + 3600}, "not hold yet"),
        ({"nbf": "1800000000"}, "not a number"),
        ({"nbf": True}, "not a number"),
    ],
)
def test_any_other_active_token_is_none(said: dict[str, Any], words: str) -> None:
    claims = {name: value for name, value in {**SAID, **said}.items() if value is not ...}

    with pytest.raises(InvalidCredential, match=words):
        rules().check(claims)


@pytest.mark.requirement("R57")
@pytest.mark.parametrize(
    ("wanted", "scope", "holds"),
    [
        ("marketplace", "openid marketplace", True),
        ("marketplace,openid", "openid marketplace", True),
        ("marketplace", ["openid", "marketplace"], True),
        ("-", None, True),
        ("marketplace", "marketplaces", False),
        ("marketplace", "openid,marketplace", False),
        ("marketplace,admin", "openid marketplace", False),
        ("marketplace", None, False),
        ("marketplace", [1], False),
    ],
)
def test_a_scope_is_wanted_where_it_is_set(wanted: str, scope: object, holds: bool) -> None:
    scoped = rules(scope=wanted)

    if holds:
        scoped.check({**SAID, "scope": scope})
    else:
        with pytest.raises(InvalidCredential, match="AUTH_RFC7662_SCOPE"):
            scoped.check({**SAID, "scope": scope})


@pytest.mark.requirement("R57", "R64")
def test_a_check_can_be_switched_off_and_a_reason_says_what_decides() -> None:
    rules(issuer="-", audience="-").check({"active": True, "sub": "u-17"})

    with pytest.raises(InvalidCredential) as refused:
        rules().check({**SAID, "aud": ["a\u202eb", "c"]})
    assert str(refused.value) == (
        r"the token is for another audience: found 'a\u202eb', 'c', wanted 'marketplace' "
        "(AUTH_RFC7662_AUDIENCE)"
    )


@pytest.mark.parametrize(
    ("client_auth", "basic", "form"),
    [
        ("basic", b"market%3Aplace:s3cret%2Fwith%2Bsigns", {}),
        ("basic-raw", b"market:place:s3cret/with+signs", {}),
        ("post", None, {"client_id": ["market:place"], "client_secret": ["s3cret/with+signs"]}),
    ],
)
async def test_the_client_says_who_it_is_as_its_server_wants(
    load: Load, client_auth: str, basic: bytes | None, form: dict[str, list[str]]
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({**SAID, "exp": 4_000_000_000})

    async with running(answer) as server:
        own = {**ASKING, "AUTH_RFC7662_URL": server.url, "AUTH_RFC7662_CLIENT_AUTH": client_auth}
        config = load(PANDIUM, own, SSO_AUTHENTICATORS="rfc7662")
        authenticate: Any = config.authenticators["rfc7662"]
        await authenticate.start()
        identity = await authenticate(request(("Authorization", "Bearer abc")))
        await authenticate.stop()
        question = authenticate._questions.about(request(("Authorization", "Bearer abc")))  # noqa: SLF001 - what a traceback could show

    assert identity.subject == "u-17"
    sent = server.asked[0].headers.get("Authorization")
    assert sent == (basic and f"Basic {base64.b64encode(basic).decode()}")
    assert parse_qs(server.bodies[0]) == {"token": ["abc"], **form}
    assert "s3cret" not in repr(question)


def test_what_is_switched_off_is_told(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load(PANDIUM, ASKING, SSO_AUTHENTICATORS="rfc7662", AUTH_RFC7662_ISSUER="-")

    status, out, _ = run(capsys, "check")

    assert status == 0
    assert "warning         authenticator rfc7662: AUTH_RFC7662_ISSUER is -" in out
    assert "AUDIENCE" not in out


async def test_what_is_switched_off_is_logged(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    config = load(PANDIUM, ASKING, SSO_AUTHENTICATORS="rfc7662", AUTH_RFC7662_AUDIENCE="-")
    authenticate: Any = config.authenticators["rfc7662"]

    await authenticate.start()
    await authenticate.stop()

    assert "AUTH_RFC7662_AUDIENCE" in capsys.readouterr().out


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=4,
)
READ = st.sampled_from([*SAID, "typ", "token_use", "cnf", "nbf", "email", "email_verified", "gty"])


@pytest.mark.requirement("R14")
@pytest.mark.parametrize("mode", ["me", "rfc7662"])
@given(claims=st.dictionaries(READ, ANYTHING))
def test_whatever_a_host_answers_it_is_an_identity_or_refused(
    mode: str, claims: dict[str, Any]
) -> None:
    with contextlib.suppress(TypeError, orjson.JSONEncodeError):
        body = orjson.dumps({**SAID, **claims})
        me = {"mode": "me", "client_id": None, "client_secret": None, "issuer": "", "audience": ""}
        read = Answers(
            variables(**(me if mode == "me" else {})), rules() if mode == "rfc7662" else None
        )
        with contextlib.suppress(SignOnError, InvalidIdentity):
            read(Answer(200, ((b"content-type", b"application/json"),), body))
