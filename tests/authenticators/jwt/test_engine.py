"""Tokens that hold, and hundreds that do not."""

import asyncio
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st

from app.authenticators.jwt import engine as jwt_assertion
from app.authenticators.jwt.assertion import Assertion
from app.authenticators.jwt.keys import FixedKeys
from app.errors import AuthenticatorUnavailable, InvalidCredential
from app.identity import Identity
from app.testing import (
    FakeIdentityProvider,
    IssuerKey,
    attacks_on_token,
    attacks_on_value,
    check_authenticator,
    context_for,
    make_request,
)
from app.tokens.key_set import KeySet, VerificationKey
from tests.in_process import Load, problems
from tests.samples import PANDIUM

NOW = 1_800_000_000
ISSUER = "https://login.acme.example"
KEYS = {name: IssuerKey(name, f"{name}-1") for name in ("RS256", "PS256", "ES256", "EdDSA")}
SECRET = b"0f1e2d3c4b5a69788796a5b4c3d2e1f0-of-the-session"
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": "marketplace-sso",
    "sub": "u-17",
    "email": "ada@acme.example",
    "iat": NOW - 10,
    "exp": NOW + 600,
}


@dataclass
class Clock:
    now: float = NOW


@dataclass
class Engine:
    """An authenticator with its clock."""

    authenticator: Assertion
    clock: Clock = field(default_factory=Clock)

    async def identity(self, token: str | bytes) -> Identity:
        text = token if isinstance(token, bytes) else token.encode()
        found = await self.authenticator(
            make_request([("Authorization", b"Bearer " + text)] if text else [])
        )
        assert found is not None
        return found

    async def reason(self, token: str | bytes) -> str:
        """Why it is refused; 401 is the only refusal here."""
        with pytest.raises(InvalidCredential) as refused:
            await self.identity(token)
        return str(refused.value)


def engine(**variables: Any) -> Engine:
    clock = Clock()
    usual = {
        "header": "Authorization",
        "header_prefix": "Bearer",
        "issuer": ISSUER,
        "audience": "marketplace-sso,embed",
        "algorithms": "RS256,PS256,ES256,EdDSA",
    }
    context = context_for("corp", now=lambda: clock.now, **{**usual, **variables})
    return Engine(jwt_assertion.from_settings(context), clock)


@pytest.fixture(scope="module")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps({"keys": [key.jwk() for key in KEYS.values()]}))
    return str(path)


Make = Callable[..., Engine]


@pytest.fixture
def make(keys_file: str) -> Make:
    return lambda **variables: engine(**{"jwks_file": keys_file, **variables})


def by_secret(algorithm: str = "HS256", **variables: Any) -> Engine:
    return engine(algorithms=algorithm, secret=SECRET.decode(), **variables)


def token(algorithm: str = "ES256", header: dict[str, Any] | None = None, **claims: Any) -> str:
    merged = {**CLAIMS, **claims}
    return KEYS[algorithm].sign(
        {name: value for name, value in merged.items() if value is not ...}, header
    )


def raw(claims: bytes, header: bytes | None = None) -> str:
    return KEYS["ES256"].sign(claims, header)


@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_token_that_holds_signs_on(make: Make, algorithm: str) -> None:
    identity = await make().identity(token(algorithm, name="Ada", groups=["a", "b"]))

    assert replace(identity, claims={}) == Identity(
        subject="u-17",
        issuer=ISSUER,
        email="ada@acme.example",
        name="Ada",
        groups=("a", "b"),
        expires_at=NOW + 600,
    )
    assert identity.claims["aud"] == "marketplace-sso"


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_shared_secret_signs_too(algorithm: str) -> None:
    secret = SECRET + SECRET[::-1]
    shared = engine(algorithms=algorithm, secret=f" {secret.decode()}\n")
    signed = IssuerKey(algorithm, secret=secret).sign(CLAIMS)

    assert (await shared.identity(signed)).subject == "u-17"
    other = IssuerKey(algorithm, secret=secret[:-1]).sign(CLAIMS)
    assert "signature" in await shared.reason(other)


async def test_one_public_key_will_do(tmp_path: Any) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(KEYS["RS256"].pem())
    pinned = engine(public_key_file=str(path), algorithms="RS256")

    assert (await pinned.identity(token("RS256", {"kid": "whatever"}))).subject == "u-17"
    assert "signature" in await pinned.reason(IssuerKey("RS256").sign(CLAIMS))


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_the_kit_finds_nothing(make: Make, algorithm: str) -> None:
    made = make()

    await check_authenticator(
        made.authenticator,
        [("Authorization", f"Bearer {token(algorithm)}")],
        keys=tuple(KEYS.values()),
    )


async def test_the_kit_finds_nothing_with_a_cookie() -> None:
    made = by_secret(header=None, header_prefix="", cookie="session")
    signed = IssuerKey("HS256", secret=SECRET).sign(CLAIMS)

    await check_authenticator(made.authenticator, [("Cookie", f"session={signed}")])


@pytest.mark.parametrize("headers", [[], [("Authorization", "Basic eHg6eHg=")], [("X-Token", "x")]])
async def test_a_request_without_a_token_is_not_its_own(make: Make, headers: Any) -> None:
    assert await make().authenticator(make_request(headers)) is None


@pytest.mark.requirement("R3", "R1")
@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("spelling", KEYS["RS256"].spellings())
@pytest.mark.parametrize("hmac", ["HS256", "HS384", "HS512"])
async def test_a_public_key_signs_nothing(
    make: Make, algorithm: str, spelling: str, hmac: str
) -> None:
    key = KEYS[algorithm]
    forger = IssuerKey(hmac, key.key_id, secret=key.spellings()[spelling])

    assert "algorithm" in await make().reason(forger.sign(CLAIMS))
    assert "another algorithm" not in await make().reason(forger.sign(CLAIMS, {"alg": "none"}))
    assert "signature" in await make().reason(forger.sign(CLAIMS, {"alg": algorithm}))


@pytest.mark.requirement("R1", "R5", "R7", "R12")
@pytest.mark.parametrize("algorithm", KEYS)
async def test_no_attack_on_a_token_gets_through(make: Make, algorithm: str) -> None:
    made = make()
    good = token(algorithm)
    await made.identity(good)

    for name, forged in {
        **attacks_on_value(good),
        **attacks_on_token(good, tuple(KEYS.values())),
    }.items():
        assert await made.reason(forged or "x"), name


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("name", ["crit", "b64", "zip"])
@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_well_signed_token_with_rules_of_its_own_is_refused(
    make: Make, name: str, algorithm: str
) -> None:
    value = {"crit": ["exp"], "b64": True, "zip": "DEF"}[name]

    assert "of its own" in await make().reason(token(algorithm, {name: value}))


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_key_that_a_token_brings_verifies_nothing(
    make: Make, name: str, algorithm: str
) -> None:
    attacker = IssuerKey(algorithm, f"{algorithm}-1")
    with FakeIdentityProvider(algorithm) as elsewhere:
        value = {"jwk": attacker.jwk(), "x5c": ["MIIB"]}.get(name, elsewhere.jwks_url)
        header = {name: value}

        assert (await make().identity(token(algorithm, header))).subject == "u-17"
        assert "signature" in await make().reason(attacker.sign(CLAIMS, header))
        assert not sum(elsewhere.fetches.values())


@pytest.mark.requirement("R2", "R7")
@pytest.mark.parametrize(
    ("algorithm", "header", "words"),
    [
        ("RS256", {"kid": "PS256-1"}, "another algorithm"),
        ("PS256", {"kid": "RS256-1"}, "another algorithm"),
        ("ES256", {"kid": "RS256-1"}, "another algorithm"),
        ("RS256", {"alg": "PS256"}, "another algorithm"),
        ("RS256", {"alg": "PS256", "kid": "PS256-1"}, "signature"),
        ("ES256", {"kid": "other"}, "not in the set"),
        ("ES256", {"alg": "ES384"}, "not one that is configured"),
        ("ES256", {"kid": None}, "valid name"),
        ("ES256", {"typ": "at+jwt"}, "another type"),
    ],
)
async def test_key_and_algorithm_belong_together(
    make: Make, algorithm: str, header: dict[str, Any], words: str
) -> None:
    assert words in await make().reason(token(algorithm, header))


@pytest.mark.requirement("R7")
async def test_among_several_keys_a_token_has_to_name_its_own(make: Make) -> None:
    header = json.dumps({"alg": "ES256"}).encode()

    assert "does not name" in await make().reason(raw(json.dumps(CLAIMS).encode(), header))


@pytest.mark.requirement("R9", "R10", "R11")
@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": ...}, "exp is not a number"),
        ({"exp": None}, "exp is not a number"),
        ({"exp": str(NOW + 600)}, "exp is not a number"),
        ({"exp": True}, "exp is not a number"),
        ({"exp": [NOW + 600]}, "exp is not a number"),
        ({"exp": -1}, "exp is not a valid time"),
        ({"exp": 10**20}, "exp is not a valid time"),
        ({"exp": 10**4000}, "exp is not a valid time"),
        ({"exp": NOW - 31}, "expired"),
        ({"nbf": NOW + 31}, "not hold yet"),
        ({"nbf": "soon"}, "nbf is not a number"),
        ({"iat": NOW + 31}, "not hold yet"),
        ({"iat": "before"}, "iat is not a number"),
        ({"iss": ...}, "another issuer"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": f"{ISSUER}/"}, "another issuer"),
        ({"iss": [ISSUER]}, "another issuer"),
        ({"aud": ...}, "another audience"),
        ({"aud": "other"}, "another audience"),
        ({"aud": []}, "another audience"),
        ({"aud": ["other"]}, "another audience"),
        ({"aud": "marketplace-sso "}, "another audience"),
        ({"sub": ...}, "no claim is the subject: found 'iss', "),
        ({"sub": ""}, "wanted 'sub' (SUBJECT_CLAIM)"),
        ({"sub": None}, "wanted 'sub' (SUBJECT_CLAIM)"),
        ({"sub": "u" * 256}, "subject is not 1 to 255"),
        ({"sub": " u-17"}, "blank"),
        ({"sub": "u-17\u00a0"}, "blank"),
        ({"sub": "u\r\n17"}, "control"),
        ({"sub": "u\x0017"}, "control"),
        ({"sub": "u\u202e17"}, "control"),
        ({"sub": "u\u200b17"}, "control"),
        ({"sub": "\ufeffu-17"}, "control"),
        ({"sub": "\ud800"}, "control"),
        ({"sub": True}, "not a string"),
        ({"sub": 1.5}, "not a string"),
        ({"sub": ["u-17"]}, "not a string"),
        ({"sub": {"id": "u-17"}}, "not a string"),
        ({"email": "ada"}, "one @"),
        ({"email": "ada@acme.example@evil.example"}, "one @"),
        ({"email": "@acme.example"}, "one @"),
        ({"email": "ada@"}, "one @"),
        ({"email": "a da@acme.example"}, "blank"),
        ({"email": ["ada@acme.example"]}, "not a string"),
        ({"sub": 17}, "not a string"),
        ({"sub": 10**300}, "not a string"),
        ({"cnf": {"jkt": "x"}}, "bound to a key"),
        ({"cnf": "x"}, "bound to a key"),
        ({"client_id": "u-17"}, "client's own"),
        ({"azp": "u-17"}, "client's own"),
        ({"azp": "Shop", "preferred_username": "service-account-shop"}, "client's own"),
        ({"gty": "client-credentials"}, "client's own"),
        ({"idtyp": "app"}, "client's own"),
        ({"name": {"first": "Ada"}}, "not a string"),
        ({"groups": [1]}, "list of strings"),
        ({"groups": 1}, "list of strings"),
        ({"groups": [["a"]]}, "list of strings"),
    ],
)
async def test_a_well_signed_token_that_says_the_wrong_thing_is_refused(
    make: Make, claims: dict[str, Any], words: str
) -> None:
    assert words in await make().reason(token(**claims))


@pytest.mark.requirement("R13", "R9")
@pytest.mark.parametrize(
    "claims",
    [
        json.dumps(CLAIMS)[:-1].encode() + b',"sub":"root"}',
        json.dumps(CLAIMS)[:-1].encode() + b',"s\\u0075b":"root"}',
        json.dumps(CLAIMS)[:-1].encode() + b',"x":{"a":1,"a":2}}',
        b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode(),
        json.dumps(CLAIMS).encode("utf-16"),
        json.dumps(CLAIMS).encode("utf-32"),
        json.dumps(CLAIMS)[:-1].encode() + b',"x":' + b"[" * 17 + b"]" * 17 + b"}",
        json.dumps(CLAIMS)[:-1].encode() + b',"x":' + b"[" * 2000,
        json.dumps({**CLAIMS, **{f"c{n}": n for n in range(60)}}).encode(),
        json.dumps(CLAIMS).replace(str(NOW + 600), "NaN").encode(),
        json.dumps(CLAIMS).replace(str(NOW + 600), "Infinity").encode(),
        json.dumps(CLAIMS).replace(str(NOW + 600), "1e400").encode(),
        json.dumps(CLAIMS).replace(str(NOW + 600), "9" * 5000).encode(),
        json.dumps(CLAIMS).encode() + b"x",
        json.dumps(CLAIMS).encode() + b"\0",
        json.dumps([CLAIMS]).encode(),
        b"u-17",
        b"null",
        b'"u-17"',
        b"{}",
        b"\xff\xfe",
    ],
)
async def test_claims_that_are_not_strict_json_are_refused(make: Make, claims: bytes) -> None:
    assert "does not hold" in await make().reason(raw(claims))


@pytest.mark.requirement("R13", "R1")
@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","alg":"ES256","kid":"ES256-1"}',
        b'{"alg":"ES256","alg":"none","kid":"ES256-1"}',
        b'{"alg":"ES256","kid":"ES256-1","kid":"RS256-1"}',
        b'{"alg":"ES256","kid":"ES256-1","x":' + b"[" * 17 + b"]" * 17 + b"}",
        b'\xef\xbb\xbf{"alg":"ES256","kid":"ES256-1"}',
        b'["ES256"]',
        b"ES256",
        b"",
    ],
)
async def test_headers_that_are_not_strict_json_are_refused(make: Make, header: bytes) -> None:
    assert "does not hold" in await make().reason(raw(json.dumps(CLAIMS).encode(), header))


@pytest.mark.requirement("R9")
@pytest.mark.parametrize("leeway", [0, 1, 30, 300])
async def test_a_token_holds_to_the_second(make: Make, leeway: int) -> None:
    made = make(leeway_seconds=leeway)
    ends, begins = token(exp=NOW), token(nbf=NOW, exp=NOW + 1000)

    made.clock.now = NOW + leeway - 1
    assert (await made.identity(ends)).expires_at == NOW
    made.clock.now = NOW + leeway
    assert "expired" in await made.reason(ends)
    made.clock.now = NOW + leeway + 1
    assert "expired" in await made.reason(ends)
    made.clock.now = NOW - leeway
    assert await made.identity(begins)
    made.clock.now = NOW - leeway - 1
    assert "not hold yet" in await made.reason(begins)


@pytest.mark.requirement("R9")
async def test_a_token_that_is_known_already_still_ends(make: Make) -> None:
    made = make()
    known = token()

    assert (await made.identity(known)).expires_at == NOW + 600
    made.clock.now = NOW + 615
    assert (await made.identity(known)).expires_at == NOW + 600
    made.clock.now = NOW + 630
    assert "expired" in await made.reason(known)


@pytest.mark.requirement("R9")
async def test_age_and_lifetime_are_capped_where_it_is_said(make: Make) -> None:
    capped = make(max_age_seconds=60, max_lifetime_seconds=3600)

    assert await capped.identity(token(iat=NOW - 89, exp=NOW + 100))
    assert "expired" in await capped.reason(token(iat=NOW - 90, exp=NOW + 100))
    assert "longer" in await capped.reason(token(iat=NOW, exp=NOW + 3601))
    assert "iat" in await capped.reason(token(iat=...))


@pytest.mark.requirement("R6")
async def test_a_long_token_is_refused_before_it_is_decoded(make: Make) -> None:
    made = make()
    longest = token(x="x" * 5850)
    longest = token(x="x" * (5850 + (8192 - len(longest)) * 3 // 4))
    long = b"A" * 50_000_000
    request = make_request([("Authorization", b"Bearer " + long)])

    assert 8180 <= len(longest) <= 8192
    assert await made.identity(longest)
    assert "bytes long" in await made.reason(longest + "A" * (8193 - len(longest)))
    assert "bytes long" in await made.reason(token(x="x" * 7000))
    tracemalloc.start()
    value = request.scope["headers"][0][1]
    with pytest.raises(InvalidCredential, match="50000000 bytes long"):
        await made.authenticator.identify(value[7:])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < len(long) + 1_000_000  # the slice of this test, and nothing else


@pytest.mark.requirement("R12")
async def test_a_type_can_be_named(make: Make) -> None:
    made = make(token_type="at+jwt")

    assert await made.identity(token("ES256", {"typ": "at+jwt"}))
    assert "type" in await made.reason(token())


async def test_claims_can_be_demanded(make: Make) -> None:
    made = make(required_claims='{"type": "app", "realm": ["a", "b"]}')

    assert await made.identity(token(type="app", realm="b"))
    assert "type" in await made.reason(token(realm="b"))
    assert "realm" in await made.reason(token(type="app", realm="c"))


async def test_checks_can_be_switched_off_and_it_is_said_loudly(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make(issuer="-", audience="-")

    assert (await made.identity(token(iss=..., aud=...))).issuer is None
    assert capsys.readouterr().out == ""  # the command line reads the configuration too
    await made.authenticator.start()
    said = capsys.readouterr().out
    assert said.count("check_switched_off") == 2
    assert "AUTH_CORP_ISSUER" in said
    assert "AUTH_CORP_AUDIENCE" in said


async def test_claims_have_the_names_that_are_configured(make: Make) -> None:
    made = make(subject_claim="oid", org_id_claim="org.id", groups_claim="roles|groups")

    identity = await made.identity(token(oid="o-1", org={"id": 7}, groups=["a"], sub="other"))

    assert (identity.subject, identity.org_id, identity.groups) == ("o-1", "7", ("a",))


class Broken(FixedKeys):
    """Keys that fail in a way nobody has thought of."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(KeySet([]))
        self._error = error

    async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:  # noqa: ARG002 - the signature is the keys'
        raise self._error


@pytest.mark.requirement("R14")
@pytest.mark.parametrize(
    "error",
    [
        AttributeError("secret-of-the-error"),
        KeyError("secret-of-the-error"),
        TypeError("secret-of-the-error"),
        ValueError("secret-of-the-error"),
        UnicodeError("secret-of-the-error"),
        RecursionError("secret-of-the-error"),
        MemoryError("secret-of-the-error"),
        OverflowError("secret-of-the-error"),
        AssertionError("secret-of-the-error"),
        OSError("secret-of-the-error"),
        ExceptionGroup("secret-of-the-error", [ValueError()]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_whatever_verifying_raises_it_refuses(make: Make, error: Exception) -> None:
    made = make()
    made.authenticator.keys = Broken(error)

    reason = await made.reason(token())

    assert type(error).__name__ in reason
    assert "secret-of-the-error" not in reason


@pytest.mark.requirement("R14")
async def test_keys_that_cannot_be_had_are_not_the_tokens_fault(make: Make) -> None:
    made = make()
    made.authenticator.keys = Broken(AuthenticatorUnavailable("down"))

    with pytest.raises(AuthenticatorUnavailable):
        await made.identity(token())


@pytest.mark.requirement("R1")
@pytest.mark.parametrize(
    "forged",
    [
        token("ES256", {"alg": "none"}),
        token("ES256", {"alg": "HS256"}),
        token("ES256", {"zip": "DEF"}),
        token(iss="https://evil.example"),
        token(exp=NOW - 60),
        "a.b.c",
    ],
)
async def test_what_can_be_refused_without_keys_asks_for_none(make: Make, forged: str) -> None:
    made = make()
    made.authenticator.keys = Broken(AuthenticatorUnavailable("asked"))

    assert await made.reason(forged)


async def test_a_token_is_verified_once_for_as_long_as_its_key_is_there(make: Make) -> None:
    made = make()
    known = token()
    keys = made.authenticator.keys
    asked: list[str | None] = []

    class Counting(Broken):
        async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
            asked.append(key_id)
            return await keys.find(key_id, algorithm)

    await made.identity(known)
    made.authenticator.keys = Counting(KeyError())
    assert (await made.identity(known)).subject == "u-17"
    assert asked == ["ES256-1"]

    other = IssuerKey("ES256", "ES256-1")

    class Rotated(Broken):
        async def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
            new = other._key.public_key()  # noqa: SLF001 - the new key
            return (VerificationKey(key_id, frozenset({algorithm}), new),)

    made.authenticator.keys = Rotated(KeyError())
    assert "signature" in await made.reason(known)
    made.authenticator.keys = keys
    assert await made.identity(known)


async def test_only_so_many_tokens_are_remembered() -> None:
    made = by_secret()
    key = IssuerKey("HS256", secret=SECRET)

    for number in range(1100):
        assert await made.identity(key.sign({**CLAIMS, "n": number}))

    assert len(made.authenticator._remembered) == 1024  # noqa: SLF001 - the bound is the point


@pytest.mark.requirement("R35")
async def test_a_token_of_ours_is_no_session(load: Load, make: Make) -> None:
    config = load(
        PANDIUM,
        SSO_AUTHENTICATORS="oauth2-proxy",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="127.0.0.1",
    )
    (destination,) = config.destinations
    ours = destination.sign({**CLAIMS})

    assert "algorithm" in await make().reason(ours)
    assert "signature" in await by_secret().reason(ours)


@pytest.mark.requirement("R14")
@limits(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.text() | st.binary().map(lambda value: value.decode("latin-1")))
def test_random_text_is_refused(make: Make, text: str) -> None:
    made = make()

    with pytest.raises(InvalidCredential):
        asyncio.run(made.authenticator.identify(text.encode() or b"x"))


PIECES = st.sampled_from([".", "=", "..", "\0", "A", "ey", "é", " ", "\r\n"])
GOOD = token()


@pytest.mark.requirement("R14")
@limits(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(at=st.integers(0, len(GOOD)), length=st.integers(0, 40), piece=PIECES | st.text(max_size=9))
def test_a_mutated_token_is_refused(make: Make, at: int, length: int, piece: str) -> None:
    mutated = GOOD[:at] + piece + GOOD[at + length :]
    made = make()

    outcome = asyncio.run(outcome_of(made, mutated))

    if isinstance(outcome, Identity):
        assert mutated[:-1] == GOOD[:-1]  # the last character has bits that mean nothing
    else:
        assert GOOD[at : at + 40] not in str(outcome) or at + 40 > len(GOOD)


async def outcome_of(made: Engine, text: str) -> Identity | InvalidCredential:
    try:
        return await made.authenticator.identify(text.encode())
    except InvalidCredential as error:
        return error


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=6,
)
NAMES = st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "email", "groups", "name", "x"])
HEADERS = st.sampled_from(["alg", "kid", "typ", "crit", "x5t", "cty"])


@pytest.mark.requirement("R14", "R9", "R11")
@limits(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.dictionaries(NAMES, VALUES, max_size=4), st.dictionaries(HEADERS, VALUES, max_size=2))
def test_whatever_is_well_signed_is_somebody_or_refused(
    make: Make, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    made = make()
    outcome = asyncio.run(outcome_of(made, token("ES256", header, **claims)))

    assert isinstance(outcome, InvalidCredential) or 1 <= len(outcome.subject) <= 255


PREFIX = "AUTH_CORP_"
GIVEN = {
    "HEADER": "X-Token",
    "ISSUER": ISSUER,
    "AUDIENCE": "marketplace-sso",
    "ALGORITHMS": "RS256",
    "JWKS_URL": "https://login.acme.example/keys",
}


@pytest.mark.requirement("R48", "R10", "R4", "R1", "R16")
@pytest.mark.parametrize(
    ("given", "variable", "words"),
    [
        ({"HEADER": ""}, "COOKIE", "exactly one"),
        ({"COOKIE": "session"}, "COOKIE", "exactly one"),
        ({"HEADER": "X_Token"}, "HEADER", "hyphens"),
        ({"HEADER": "", "COOKIE": "a b"}, "COOKIE", "pattern"),
        ({"HEADER_PREFIX": "Bearer:"}, "HEADER_PREFIX", "pattern"),
        ({"ISSUER": ""}, "ISSUER", "is required"),
        ({"AUDIENCE": ""}, "AUDIENCE", "is required"),
        ({"AUDIENCE": ","}, "AUDIENCE", "names nothing"),
        ({"AUDIENCE": "-,x"}, "AUDIENCE", "nothing else"),
        ({"ALGORITHMS": ""}, "ALGORITHMS", "is required"),
        ({"ALGORITHMS": "none"}, "ALGORITHMS", "one family"),
        ({"ALGORITHMS": "RS256,none"}, "ALGORITHMS", "one family"),
        ({"ALGORITHMS": "RS256,HS256"}, "ALGORITHMS", "one family"),
        ({"ALGORITHMS": "rs256"}, "ALGORITHMS", "one family"),
        ({"ALGORITHMS": "ES256K"}, "ALGORITHMS", "one family"),
        ({"JWKS_URL": ""}, "SECRET", "source of keys"),
        ({"SECRET": SECRET.decode()}, "SECRET", "exactly one"),
        ({"DISCOVERY_URL": "https://login.acme.example/x"}, "SECRET", "exactly one"),
        ({"JWKS_URL": "", "SECRET": SECRET.decode()}, "SECRET", "does not go with"),
        ({"ALGORITHMS": "HS256"}, "SECRET", "does not go with"),
        ({"JWKS_URL": "http://login.acme.example/keys"}, "JWKS_URL", "plain http"),
        ({"JWKS_URL": "file:///etc/passwd"}, "JWKS_URL", "absolute"),
        ({"JWKS_URL": "https://a:b@login.acme.example/"}, "JWKS_URL", "user information"),
        ({"JWKS_URL": "", "DISCOVERY_URL": "ftp://x/"}, "DISCOVERY_URL", "absolute"),
        (
            {"JWKS_URL": "", "DISCOVERY_URL": "https://x.example/", "ISSUER": "a,b"},
            "DISCOVERY_URL",
            "one issuer",
        ),
        (
            {"JWKS_URL": "", "DISCOVERY_URL": "https://x.example/", "ISSUER": "-"},
            "DISCOVERY_URL",
            "one issuer",
        ),
        ({"JWKS_URL": "", "JWKS_FILE": "/nonexistent"}, "JWKS_FILE", "cannot be read"),
        ({"JWKS_URL": "", "JWKS_FILE": "/etc/hostname"}, "JWKS_FILE", "not a JSON object"),
        ({"JWKS_URL": "", "PUBLIC_KEY_FILE": "/etc/hostname"}, "PUBLIC_KEY_FILE", "PEM"),
        ({"LEEWAY_SECONDS": "-1"}, "LEEWAY_SECONDS", "greater"),
        ({"LEEWAY_SECONDS": "3600"}, "LEEWAY_SECONDS", "less"),
        ({"MAX_TOKEN_BYTES": "1"}, "MAX_TOKEN_BYTES", "greater"),
        ({"HTTP_TIMEOUT_SECONDS": "0"}, "HTTP_TIMEOUT_SECONDS", "greater"),
        ({"JWKS_TTL_SECONDS": "1"}, "JWKS_TTL_SECONDS", "greater"),
        ({"REQUIRED_CLAIMS": "type=app"}, "REQUIRED_CLAIMS", "JSON"),
        ({"ISUER": "x"}, "ISUER", f"did you mean {PREFIX}ISSUER"),
    ],
)
def test_a_wrong_variable_is_named(
    load: Load, given: dict[str, str], variable: str, words: str
) -> None:
    variables = {f"{PREFIX}{name}": value for name, value in {**GIVEN, **given}.items()}

    found = problems(load, PANDIUM, {"SSO_AUTHENTICATORS": "corp=jwt", **variables})

    assert words in found[PREFIX + variable]


@pytest.mark.requirement("R4", "R3", "R45")
@pytest.mark.parametrize(
    "secret",
    [
        "short",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f",
        "a-string-secret-at-least-256-bits-long",
        "secretsecretsecretsecretsecretsecret",
        KEYS["RS256"].pem().decode(),
        KEYS["ES256"].pem().decode().replace("\n", "\r\n"),
        json.dumps(KEYS["RS256"].jwk()),
        json.dumps({"keys": [KEYS["ES256"].jwk()]}),
    ],
)
def test_a_secret_that_is_none_does_not_start(load: Load, secret: str) -> None:
    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="session-cookie",
        AUTH_SESSION_COOKIE_SECRET=secret,
        AUTH_SESSION_COOKIE_ISSUER=ISSUER,
        AUTH_SESSION_COOKIE_AUDIENCE="marketplace-sso",
    )

    assert set(found) == {"AUTH_SESSION_COOKIE_SECRET"}
    assert secret[:20] not in str(found)


@pytest.mark.requirement("R35")
def test_one_secret_for_both_sides_does_not_start(load: Load) -> None:
    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="session-cookie",
        AUTH_SESSION_COOKIE_SECRET=PANDIUM["PANDIUM_SHARED_SECRET"],
        AUTH_SESSION_COOKIE_ISSUER=ISSUER,
        AUTH_SESSION_COOKIE_AUDIENCE="marketplace-sso",
    )

    assert "same secret" in found["PANDIUM_SHARED_SECRET"]


def test_plain_http_has_to_be_allowed(load: Load) -> None:
    variables = {**GIVEN, "JWKS_URL": "http://keys.internal/jwks", "ALLOW_HTTP": "true"}

    assert load(
        PANDIUM,
        {"SSO_AUTHENTICATORS": "corp=jwt"},
        {f"{PREFIX}{name}": value for name, value in variables.items()},
    ).authenticators
