"""Each login that signs what it says: its token signs on, and nobody else's does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.authenticators import Variables
from app.authenticators.headers.engine import TrustedHeadersVariables
from app.authenticators.introspection.variables import IntrospectionVariables
from app.authenticators.jwt.aws_alb import AwsAlbVariables
from app.authenticators.jwt.variables import JwtVariables
from app.authenticators.presets import BUILT_IN
from app.testing import FakeIdentityProvider, IssuerKey, check_authenticator, make_request
from tests.in_process import Load, MakeClient, problems, token_of, vendor_reads
from tests.samples import PANDIUM, PANDIUM_SECRET

CLOUDFLARE_TAG = "4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2"
SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0-of-the-login"
FUTURE = 4_000_000_000
USER = {"sub": "u-17", "email": "ada@acme.example", "exp": FUTURE}
ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/sso/50dc6c495c0c9188"
ALB_KEY = "b5f1d0ba-7a3c-4a53-a8d6-8c7c2f5d8a11"


@dataclass
class Login:
    """What an operator sets for a login, what it sends, and whom that makes."""

    variables: dict[str, str]
    claims: dict[str, Any]
    header: str = "Authorization"
    before: str = ""
    algorithm: str = "ES256"
    expected: dict[str, Any] = field(default_factory=dict)
    token_header: dict[str, Any] = field(default_factory=dict)


LOGINS = {
    "jwt": Login(
        {
            "HEADER": "X-Token",
            "ISSUER": "https://login.example",
            "AUDIENCE": "sso",
            "ALGORITHMS": "ES256",
        },
        {"iss": "https://login.example", "aud": ["sso"], **USER},
        header="X-Token",
    ),
    "oidc": Login(
        {
            "ISSUER": "https://login.example/tenant/",
            "AUDIENCE": "sso",
            "SUBJECT_CLAIM": "oid",
            "ORG_ID_CLAIM": "tid",
        },
        {"iss": "https://login.example/tenant/", "aud": "sso", "oid": "o-1", "tid": "t", **USER},
        before="Bearer ",
        algorithm="PS256",
        expected={"subject": "o-1", "org_id": "t"},
    ),
    "session-cookie": Login(
        {"SECRET": SECRET, "ISSUER": "app", "AUDIENCE": "sso"},
        {"iss": "app", "aud": "sso", **USER},
        header="Cookie",
        before="session=",
        algorithm="HS256",
    ),
    "google-iap": Login(
        {"AUDIENCE": "/projects/1/apps/a,/projects/1/global/backendServices/2"},
        {
            "iss": "https://cloud.google.com/iap",
            "aud": "/projects/1/global/backendServices/2",
            "hd": "acme.example",
            **USER,
        },
        header="X-Goog-IAP-JWT-Assertion",
        expected={"org_id": "acme.example"},
    ),
    "cloudflare-access": Login(
        {
            "TEAM": "acme",
            "AUDIENCE": CLOUDFLARE_TAG,
        },
        {
            "iss": "https://acme.cloudflareaccess.com",
            "aud": [CLOUDFLARE_TAG],
            "type": "app",
            **USER,
        },
        header="Cf-Access-Jwt-Assertion",
        algorithm="RS256",
    ),
    "pomerium": Login(
        {"HOST": "sso.acme.example"},
        {"iss": "sso.acme.example", "aud": "sso.acme.example", **USER},
        header="X-Pomerium-Jwt-Assertion",
    ),
    "authentik": Login(
        {"SECRET": SECRET, "ISSUER": "https://id.example/application/o/sso/", "AUDIENCE": "sso"},
        {"iss": "https://id.example/application/o/sso/", "aud": "sso", **USER},
        header="X-authentik-jwt",
        algorithm="HS256",
    ),
    "teleport": Login(
        {"PROXY": "proxy.example:3080", "CLUSTER": "acme", "AUDIENCE": "https://sso.example"},
        {"iss": "acme", "aud": ["https://sso.example"], "roles": ["a"], **USER},
        header="Teleport-Jwt-Assertion",
        expected={"groups": ("a",)},
    ),
    "appdirect": Login(
        {"TENANTS": "partner-1,partner-2"},
        {"sub": "u-17", "name": "ada@acme.example", "tenant": "partner-2", "exp": FUTURE},
        before="Bearer ",
        algorithm="RS256",
        expected={"org_id": "partner-2", "name": None, "issuer": None},
    ),
    "aws-alb": Login(
        {"SIGNER": ARN, "CLIENT_ID": "client", "ISSUER": "https://login.example"},
        {"sub": "u-17", "email": "ada@acme.example"},
        header="x-amzn-oidc-data",
        token_header={
            "kid": ALB_KEY,
            "signer": ARN,
            "client": "client",
            "iss": "https://login.example",
            "exp": FUTURE,
        },
    ),
}
JWT = [name for name in LOGINS if name != "aws-alb"]
FETCHED = [name for name in JWT if "SECRET" not in LOGINS[name].variables]


def prefixed(preset: str, variables: dict[str, str]) -> dict[str, str]:
    prefix = f"AUTH_{preset.upper().replace('-', '_')}_"
    return {prefix + name: value for name, value in variables.items()}


def served(preset: str, provider: FakeIdentityProvider) -> dict[str, str]:
    """What the operator sets, with keys that come from `provider`."""
    login = LOGINS[preset]
    variables = prefixed(preset, login.variables)
    if preset == "aws-alb":
        variables |= prefixed(preset, {"KEYS_URL": provider.origin})
        provider.documents[f"/{ALB_KEY}"] = provider.key.pem()
    elif preset == "oidc":
        variables |= prefixed(preset, {"DISCOVERY_URL": provider.discovery_url})
        provider.issuer = login.variables["ISSUER"]
    elif preset in FETCHED:
        variables |= prefixed(preset, {"JWKS_URL": provider.jwks_url})
    return {"SSO_AUTHENTICATORS": preset, **variables}


def signed(preset: str, key: IssuerKey, **claims: Any) -> tuple[str, str]:
    """The header that a login sends."""
    login = LOGINS[preset]
    padded = preset == "aws-alb"
    token = key.sign({**login.claims, **claims}, login.token_header, padded=padded)
    return login.header, login.before + token


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Iterator[FakeIdentityProvider]:
    algorithm = LOGINS[request.node.callspec.params["preset"]].algorithm
    with FakeIdentityProvider("ES256" if algorithm == "HS256" else algorithm) as provider:
        yield provider


def test_every_engine_for_signed_tokens_is_here() -> None:
    others = {"headers.engine", "introspection.engine"}
    engines = {name for name, preset in BUILT_IN.items() if preset.engine not in others}

    assert set(LOGINS) == engines


@pytest.mark.parametrize("preset", BUILT_IN)
def test_a_preset_sets_what_its_engine_reads(preset: str) -> None:
    engines: dict[str, type[Variables]] = {
        "headers.engine": TrustedHeadersVariables,
        "introspection.engine": IntrospectionVariables,
        "jwt.engine": JwtVariables,
        "jwt.aws_alb": AwsAlbVariables,
    }
    read = engines[BUILT_IN[preset].engine].model_fields

    assert BUILT_IN[preset].defaults.keys() - read == set()


@pytest.mark.parametrize("preset", LOGINS)
async def test_every_preset_takes_the_identity_of_its_login(
    load: Load, preset: str, provider: FakeIdentityProvider
) -> None:
    authenticator: Any = load(PANDIUM, served(preset, provider)).authenticators[preset]

    await authenticator.start()
    identity = await authenticator(make_request([signed(preset, key_of(preset, provider))]))
    await authenticator.stop()

    expected = {
        "subject": "u-17",
        "email": "ada@acme.example",
        "expires_at": FUTURE,
        "issuer": LOGINS[preset].claims.get("iss", "https://login.example"),
        **LOGINS[preset].expected,
    }
    assert {name: getattr(identity, name) for name in expected} == expected


def key_of(preset: str, provider: FakeIdentityProvider) -> IssuerKey:
    if LOGINS[preset].algorithm == "HS256":
        return IssuerKey("HS256", secret=SECRET.encode())
    return provider.key


@pytest.mark.requirement("R1", "R3", "R5", "R7", "R12", "R14")
@pytest.mark.parametrize("preset", LOGINS)
async def test_the_kit_finds_nothing_wrong_with_any_preset(
    load: Load, preset: str, provider: FakeIdentityProvider
) -> None:
    authenticator = load(PANDIUM, served(preset, provider)).authenticators[preset]
    key = key_of(preset, provider)

    await check_authenticator(
        authenticator,
        [signed(preset, key)],
        keys=() if key.algorithm == "HS256" else (key,),
    )


@pytest.mark.parametrize("preset", LOGINS)
def test_every_preset_leads_to_the_marketplace(
    client: MakeClient, preset: str, provider: FakeIdentityProvider
) -> None:
    service = client(PANDIUM, served(preset, provider))
    header = signed(preset, key_of(preset, provider))

    answer = service.simulate_get("/pandium-sso", headers=[header])

    assert answer.status_code == 307
    claims = vendor_reads(token_of(answer.headers["Location"]), PANDIUM_SECRET)
    assert claims["sub"] == "ada@acme.example"


@pytest.mark.requirement("R10", "R15")
@pytest.mark.parametrize(
    ("preset", "claims"),
    [
        ("google-iap", {"aud": "/projects/2/apps/evil"}),
        ("google-iap", {"iss": "https://accounts.google.com"}),
        ("cloudflare-access", {"type": "org"}),
        ("cloudflare-access", {"sub": ""}),
        ("cloudflare-access", {"iss": "https://evil.cloudflareaccess.com"}),
        ("cloudflare-access", {"aud": ["other"]}),
        ("pomerium", {"aud": "other.acme.example"}),
        ("pomerium", {"iss": "https://other.acme.example/"}),
        ("teleport", {"iss": "other"}),
        ("oidc", {"iss": "https://login.example/tenant"}),
        ("appdirect", {"tenant": "partner-3"}),
        ("appdirect", {"tenant": None}),
        ("appdirect", {"name": "Ada"}),
        ("session-cookie", {"aud": "other"}),
        ("authentik", {"iss": "https://id.example/application/o/other/"}),
    ],
)
def test_a_token_for_somebody_else_signs_nobody_on(
    client: MakeClient, preset: str, claims: dict[str, Any], provider: FakeIdentityProvider
) -> None:
    service = client(PANDIUM, served(preset, provider))
    header = signed(preset, key_of(preset, provider), **claims)

    answer = service.simulate_get("/pandium-sso", headers=[header])

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_session")


def test_a_route_of_pomerium_may_call_itself_by_its_address(client: MakeClient) -> None:
    with FakeIdentityProvider() as provider:
        service = client(PANDIUM, served("pomerium", provider))
        header = signed("pomerium", provider.key, iss="https://sso.acme.example/")

        assert service.simulate_get("/pandium-sso", headers=[header]).status_code == 307


@pytest.mark.requirement("R10", "R48")
@pytest.mark.parametrize(
    ("preset", "missing"),
    [
        (preset, name)
        for preset in LOGINS
        for name in LOGINS[preset].variables
        if "CLAIM" not in name
    ],
)
def test_what_a_preset_needs_is_asked_for(load: Load, preset: str, missing: str) -> None:
    given = {name: text for name, text in LOGINS[preset].variables.items() if name != missing}
    if preset == "jwt":
        given["JWKS_URL"] = "https://login.example/keys"
    if preset == "appdirect":
        given["JWKS_URL"] = "https://market.example/keys"

    found = problems(load, PANDIUM, {"SSO_AUTHENTICATORS": preset}, prefixed(preset, given))

    asked_for = "COOKIE" if missing == "HEADER" else missing
    (variable,) = found
    assert variable in prefixed(preset, {asked_for: "", "SECRET": ""})


@pytest.mark.requirement("R48", "R29")
@pytest.mark.parametrize(
    ("preset", "variable", "value"),
    [
        ("cloudflare-access", "TEAM", "acme.evil.example/"),
        ("cloudflare-access", "TEAM", "acme/../x"),
        ("cloudflare-access", "TEAM", "ACME"),
        ("pomerium", "HOST", "sso.acme.example/x"),
        ("pomerium", "HOST", "user@sso.acme.example"),
        ("pomerium", "HOST", "sso.acme.example?x"),
        ("pomerium", "HOST", "https://sso.acme.example"),
        ("teleport", "PROXY", "proxy example"),
        ("oidc", "ISSUER", "http://login.example"),
        ("oidc", "ISSUER", "https://a.example,https://b.example"),
        ("oidc", "ISSUER", "-"),
        ("appdirect", "TENANTS", ","),
        ("aws-alb", "SIGNER", "arn:aws:iam::123456789012:role/x"),
        ("aws-alb", "SIGNER", ARN.replace("eu-central-1", "evil.example/")),
        ("aws-alb", "SIGNER", ARN + "/../x"),
        ("aws-alb", "CLIENT_ID", ""),
        ("aws-alb", "KEYS_URL", "http://keys.example/"),
    ],
)
def test_what_would_lead_elsewhere_does_not_start(
    load: Load, preset: str, variable: str, value: str
) -> None:
    given = {**LOGINS[preset].variables, variable: value}
    if preset == "appdirect":
        given["JWKS_URL"] = "https://market.example/keys"

    found = problems(load, PANDIUM, {"SSO_AUTHENTICATORS": preset}, prefixed(preset, given))

    assert set(found) == set(prefixed(preset, {variable: ""}))


@pytest.mark.requirement("R10")
def test_the_operator_adds_to_what_a_preset_demands(client: MakeClient) -> None:
    with FakeIdentityProvider("RS256") as provider:
        more = prefixed("appdirect", {"REQUIRED_CLAIMS": '{"tenant": "partner-3", "x": 1}'})
        service = client(PANDIUM, served("appdirect", provider), more)

        def status(**claims: Any) -> int:
            header = signed("appdirect", provider.key, **claims)
            return service.simulate_get("/pandium-sso", headers=[header]).status_code

        assert status(tenant="partner-3", x=1) == 401
        assert status(tenant="partner-2") == 401
        assert status(tenant="partner-2", x=1) == 307


FORGED = IssuerKey("RS256", "key-1").sign({**USER, "sub": "root", "iss": "x", "aud": "x"})

INTROSPECTION = {"URL": "https://app.acme.example/api/me", "FORWARD_COOKIES": "sessionid"}
CLIENT = {
    "CLIENT_ID": "marketplace",
    "CLIENT_SECRET": "a-secret-of-the-client",
    "ISSUER": "https://login.example",
    "AUDIENCE": "marketplace",
}


def by_hand(preset: str, value: str) -> list[tuple[str, str]]:
    """The headers of a preset, as anybody can send them."""
    if preset in LOGINS:
        login = LOGINS[preset]
        own = IssuerKey(login.algorithm, "key-1")
        forged = signed(preset, own)[1] if value == "signed by somebody" else login.before + value
        return [(login.header, forged)]
    defaults = BUILT_IN[preset].defaults
    names = [name for name in defaults if name.endswith("_header") and defaults[name] is not None]
    return [(defaults[name], value) for name in names] or [("X-Forwarded-User", value)]


@pytest.mark.requirement("R14", "R21")
@pytest.mark.parametrize("preset", BUILT_IN)
@pytest.mark.parametrize(
    "value", ["root", "signed by somebody", FORGED, "eyJzdWIiOiJyb290In0", "eyJzdWIiOiJyb290In0="]
)
def test_whoever_sets_a_presets_header_by_hand_gets_nowhere(
    client: MakeClient, preset: str, value: str
) -> None:
    """What `curl` against the service directly can do, where the proxy would be in between."""
    with FakeIdentityProvider() as provider:
        if preset in LOGINS:
            variables = served(preset, provider)
        elif BUILT_IN[preset].engine == "introspection.engine":
            variables = {"SSO_AUTHENTICATORS": preset, **prefixed(preset, INTROSPECTION)}
            variables |= prefixed(preset, CLIENT) if preset == "rfc7662" else {}
        else:
            variables = {"SSO_AUTHENTICATORS": preset, "WEBSITE_AUTH_ENABLED": "true"}
            variables |= prefixed(preset, {"TRUSTED_PROXIES": "10.0.3.7"})
        service = client(PANDIUM, variables)

        answer = service.simulate_get(
            "/pandium-sso", headers=by_hand(preset, value), remote_addr="10.9.9.9"
        )

    assert answer.status_code == 401
    assert "Location" not in answer.headers
    assert FORGED not in answer.text


@pytest.mark.requirement("R26", "R14")
def test_one_body_is_for_every_session_that_does_not_hold(client: MakeClient) -> None:
    with FakeIdentityProvider() as provider:
        service = client(PANDIUM, served("session-cookie", provider))
    key = IssuerKey("HS256", secret=SECRET.encode())
    _, good = signed("session-cookie", key)
    _, expired = signed("session-cookie", key, exp=1)
    _, foreign = signed("session-cookie", key, aud="other")
    _, nobodys = signed("session-cookie", key, sub="")
    _, forged = signed("session-cookie", IssuerKey("HS256"))
    token = good.removeprefix("session=")
    cookies = [
        *(expired, foreign, nobodys, forged, f"{good}; {good}", f"{good}; session=", "session"),
        *(f"{good};session", f'session="{token}"', f"session={token} x", f"{good}="),
        *(f"session.0={token[:50]}; session.1={token[50:]}", "session=" + "A" * 9000),
        *("session=" + "A" * 30_000, "session=none", "session=..", "session=\xff"),
    ]

    assert service.simulate_get("/pandium-sso", headers={"Cookie": good}).status_code == 307
    answers = [service.simulate_get("/pandium-sso", headers={"Cookie": each}) for each in cookies]

    assert {answer.status_code for answer in answers} == {401}
    bodies = [{**answer.json, "request_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "invalid_session"
