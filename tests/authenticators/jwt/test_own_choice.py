"""What the operator sets instead of what a preset has."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidCredential
from app.testing import FakeIdentityProvider, IssuerKey, make_request
from tests.cli.command_line import run
from tests.in_process import Load, problems
from tests.samples import PANDIUM

KEY = IssuerKey("RS256", "key-1")
USER = {"sub": "u-17", "exp": 4_000_000_000}
TEAM = {
    "SSO_AUTHENTICATORS": "cloudflare-access",
    "AUTH_CLOUDFLARE_ACCESS_TEAM": "acme",
    "AUTH_CLOUDFLARE_ACCESS_AUDIENCE": "tag",
}
CLAIMS = {**USER, "iss": "https://acme.cloudflareaccess.com", "aud": ["tag"], "type": "app"}
SESSION = {
    "SSO_AUTHENTICATORS": "session-cookie",
    "AUTH_SESSION_COOKIE_ISSUER": "app",
    "AUTH_SESSION_COOKIE_AUDIENCE": "sso",
}


@pytest.fixture
def jwks_file(tmp_path: Path) -> str:
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": [KEY.jwk(), KEY.jwk(use="enc"), {"kty": "AKP"}]}))
    return str(path)


async def test_a_cookie_takes_the_place_of_a_presets_header(load: Load, jwks_file: str) -> None:
    config = load(
        PANDIUM,
        TEAM,
        AUTH_CLOUDFLARE_ACCESS_COOKIE="CF_Authorization",
        AUTH_CLOUDFLARE_ACCESS_JWKS_FILE=jwks_file,
    )
    authenticate: Any = config.authenticators["cloudflare-access"]
    token = KEY.sign(CLAIMS)

    identity = await authenticate(make_request([("Cookie", f"CF_Authorization={token}")]))
    assert identity.subject == "u-17"
    assert await authenticate(make_request([("Cf-Access-Jwt-Assertion", token)])) is None


async def test_a_header_takes_the_place_of_a_presets_cookie(load: Load) -> None:
    secret = b"0f1e2d3c4b5a69788796a5b4c3d2e1f0-of-the-session"
    config = load(
        PANDIUM,
        SESSION,
        AUTH_SESSION_COOKIE_HEADER="X-Session",
        AUTH_SESSION_COOKIE_SECRET=secret.decode(),
    )
    authenticate: Any = config.authenticators["session-cookie"]
    token = IssuerKey("HS256", secret=secret).sign({**USER, "iss": "app", "aud": "sso"})

    assert (await authenticate(make_request([("X-Session", token)]))).subject == "u-17"


async def test_a_header_can_be_without_a_presets_scheme(load: Load, jwks_file: str) -> None:
    config = load(
        PANDIUM,
        SSO_AUTHENTICATORS="appdirect",
        AUTH_APPDIRECT_TENANTS="ACME",
        AUTH_APPDIRECT_HEADER="MP-Authorization",
        AUTH_APPDIRECT_HEADER_PREFIX="-",
        AUTH_APPDIRECT_JWKS_FILE=jwks_file,
    )
    authenticate: Any = config.authenticators["appdirect"]
    token = KEY.sign({**USER, "tenant": "ACME"})

    assert (await authenticate(make_request([("MP-Authorization", token)]))).subject == "u-17"
    with pytest.raises(InvalidCredential):
        await authenticate(make_request([("MP-Authorization", f"Bearer {token}")]))


async def test_a_cookie_has_no_scheme(load: Load, jwks_file: str) -> None:
    config = load(
        PANDIUM,
        SSO_AUTHENTICATORS="oidc",
        AUTH_OIDC_ISSUER="https://login.example",
        AUTH_OIDC_AUDIENCE="sso",
        AUTH_OIDC_COOKIE="access",
        AUTH_OIDC_JWKS_FILE=jwks_file,
    )
    authenticate: Any = config.authenticators["oidc"]
    for token_type in ("at+jwt", "application/at+jwt", "AT+JWT", "JWT", "jwt"):
        token = KEY.sign(
            {**USER, "iss": "https://login.example", "aud": "sso"}, {"typ": token_type}
        )

        identity = await authenticate(make_request([("Cookie", f"access={token}")]))

        assert identity.subject == "u-17"


def test_two_choices_are_one_too_many(load: Load, jwks_file: str) -> None:
    for more, variable in (
        ({"COOKIE": "a", "HEADER": "X-A"}, "COOKIE"),
        ({"JWKS_FILE": jwks_file, "JWKS_URL": "https://x.example/"}, "SECRET"),
    ):
        given = {f"AUTH_CLOUDFLARE_ACCESS_{name}": value for name, value in more.items()}
        assert f"AUTH_CLOUDFLARE_ACCESS_{variable}" in problems(load, PANDIUM, TEAM, given)


SECRET = bytes(range(1, 49))


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("base64", base64.b64encode(SECRET).decode()),
        ("base64url", base64.urlsafe_b64encode(SECRET).decode()),
        ("base64url", base64.urlsafe_b64encode(SECRET).decode().rstrip("=")),
        ("hex", SECRET.hex()),
        ("hex", f" {SECRET.hex().upper()}\n"),
    ],
)
async def test_a_secret_is_the_bytes_that_it_stands_for(
    load: Load, encoding: str, text: str
) -> None:
    config = load(
        PANDIUM,
        SESSION,
        AUTH_SESSION_COOKIE_SECRET=text,
        AUTH_SESSION_COOKIE_SECRET_ENCODING=encoding,
    )
    authenticate: Any = config.authenticators["session-cookie"]

    def cookie(secret: bytes) -> Any:
        token = IssuerKey("HS256", secret=secret).sign({**USER, "iss": "app", "aud": "sso"})
        return make_request([("Cookie", f"session={token}")])

    assert (await authenticate(cookie(SECRET))).subject == "u-17"
    with pytest.raises(InvalidCredential, match="signature"):
        await authenticate(cookie(text.encode()))


@pytest.mark.requirement("R4", "R48")
@pytest.mark.parametrize(
    ("encoding", "text", "words"),
    [
        ("base64", "not base64 at all: 0f1e2d3c4b5a69788796a5b4c3d2e1f0", "is not base64"),
        ("hex", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "16 bytes long; 32 are needed"),
        ("base64", base64.b64encode(b"x" * 40).decode(), "anyone can know"),
        ("base64", base64.b64encode(IssuerKey("ES256").pem()).decode(), "PEM"),
    ],
)
def test_a_secret_that_stands_for_nothing_good_is_named(
    load: Load, encoding: str, text: str, words: str
) -> None:
    found = problems(
        load,
        PANDIUM,
        SESSION,
        AUTH_SESSION_COOKIE_SECRET=text,
        AUTH_SESSION_COOKIE_SECRET_ENCODING=encoding,
    )

    assert words in found["AUTH_SESSION_COOKIE_SECRET"]
    assert text not in str(found)


def test_keys_that_are_not_used_are_told(
    load: Load, jwks_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    load(PANDIUM, TEAM, AUTH_CLOUDFLARE_ACCESS_JWKS_FILE=jwks_file)

    status, out, _ = run(capsys, "check")

    assert status == 0
    assert "authenticator cloudflare-access: is not used: key 'key-1': its use is 'enc'" in out
    assert "key nothing: it cannot be read as a key of its kind: 'AKP', nothing" in out


async def test_keys_of_a_file_that_are_not_used_are_logged(
    load: Load, jwks_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = load(PANDIUM, TEAM, AUTH_CLOUDFLARE_ACCESS_JWKS_FILE=jwks_file)
    authenticate: Any = config.authenticators["cloudflare-access"]

    await authenticate.start()
    await authenticate.stop()

    (logged,) = [line for line in capsys.readouterr().out.splitlines() if "'enc'" in line]
    assert "warning" in logged.partition("keys_left_out")[0], (
        "there is a key that nobody can read, too"
    )


async def test_fetched_keys_that_are_not_used_are_told_and_logged(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    with FakeIdentityProvider("RS256") as provider:
        odd = {"keys": [provider.key.jwk(), KEY.jwk(use="enc", kid="public:enc/1=")]}
        provider.documents["/odd"] = json.dumps(odd).encode()
        config = load(PANDIUM, TEAM, AUTH_CLOUDFLARE_ACCESS_JWKS_URL=f"{provider.origin}/odd")
        authenticate: Any = config.authenticators["cloudflare-access"]

        (result,) = await authenticate.probe()
        assert authenticate.warnings == ()
        await authenticate.start()
        token = provider.key.sign(CLAIMS)
        for _ in range(2):
            await authenticate(make_request([("Cf-Access-Jwt-Assertion", token)]))
        await authenticate.stop()

    (logged,) = [line for line in capsys.readouterr().out.splitlines() if "keys_left_out" in line]
    assert "info" in logged.partition("keys_left_out")[0], "a key for encryption is no fault"
    assert result.ok
    assert "key 'public:enc/1=': its use is 'enc'" in result.found
    assert authenticate.warnings == (
        "is not used: key 'public:enc/1=': its use is 'enc', not 'sig'",
    )
