import base64
import contextlib
import gc
import json
from dataclasses import replace
from typing import Any

import falcon
import falcon.testing
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.chain import Chain
from app.authenticators.headers.engine import TrustedHeaders, TrustedHeadersVariables
from app.authenticators.headers.header_values import payload
from app.authenticators.presets import BUILT_IN
from app.errors import AccessDenied, InvalidCredential, NoSession
from app.identity import Identity
from app.resources.request import Request
from tests.in_process import Load, problems
from tests.samples import PANDIUM

PEER = "10.0.3.7"
PROXIES = "10.0.3.7/32"

Header = tuple[str, str | bytes]


def request(*headers: Header, peer: str | None = PEER) -> Request:
    """Make a request whose headers are just these bytes, as often as they stand here."""
    scope = falcon.testing.create_scope()
    scope["headers"] = [
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers
    ]
    scope["client"] = (peer, 4711) if peer else None

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    return Request(scope, receive)


def loaded(load: Load, preset: str = "trusted-headers", **variables: str) -> Chain:
    prefix = f"AUTH_{preset.upper().replace('-', '_')}_"
    config = load(
        PANDIUM,
        {f"{prefix}TRUSTED_PROXIES": PROXIES, "SSO_AUTHENTICATORS": preset},
        {
            name if name.startswith(("SSO_", "WEBSITE_")) else prefix + name: value
            for name, value in variables.items()
        },
    )
    return Chain(authenticators=config.authenticators, timeout_seconds=5)


def b64(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def b64url(value: str) -> str:
    return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


OIDC_CLAIMS = {"sub": "u-17", "email": "ada@acme.example", "name": "Ada", "groups": ["a", "b"]}
AZURE = {
    "claims": [
        {
            "typ": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "val": "ada@acme.example",
        },
        {"typ": "http://schemas.microsoft.com/identity/claims/tenantid", "val": "t-1"},
        {"typ": "groups", "val": "a"},
        {"typ": "groups", "val": "b"},
        {"typ": "groups", "val": "c"},
    ]
}
SIGNED_ON: dict[str, tuple[tuple[Header, ...], dict[str, Any]]] = {
    "trusted-headers": (
        (("X-Forwarded-User", "u-17"),),
        {"email": None, "name": None, "groups": ()},
    ),
    "oauth2-proxy": (
        (
            ("X-Forwarded-User", "u-17"),
            ("X-Forwarded-Email", "ada@acme.example"),
            ("X-Forwarded-Preferred-Username", "Ada"),
            ("X-Forwarded-Groups", "a,b"),
        ),
        {},
    ),
    "oauth2-proxy-nginx": (
        (
            ("X-Auth-Request-User", "u-17"),
            ("X-Auth-Request-Email", "ada@acme.example"),
            ("X-Auth-Request-Preferred-Username", "Ada"),
            ("X-Auth-Request-Groups", "a, b"),
        ),
        {},
    ),
    "authelia": (
        (
            ("Remote-User", "u-17"),
            ("Remote-Email", "ada@acme.example"),
            ("Remote-Name", "Ada"),
            ("Remote-Groups", "a,b"),
        ),
        {},
    ),
    "authentik-headers": (
        (
            ("X-authentik-uid", "u-17"),
            ("X-authentik-email", "ada@acme.example"),
            ("X-authentik-name", "Ada"),
            ("X-authentik-groups", "a|b"),
        ),
        {},
    ),
    "tailscale": (
        (
            ("Tailscale-User-Login", "ada@acme.example"),
            ("Tailscale-User-Name", "=?utf-8?q?Ad=C3=A1?="),
        ),
        {"subject": "ada@acme.example", "name": "Adá", "groups": ()},
    ),
    "azure-easy-auth": (
        (
            ("X-MS-CLIENT-PRINCIPAL", b64(AZURE)),
            ("X-MS-CLIENT-PRINCIPAL-ID", "u-17"),
            ("X-MS-CLIENT-PRINCIPAL-NAME", "Ada"),
        ),
        {"org_id": "t-1", "groups": ("a", "b", "c")},
    ),
    "gatekeeper": (
        (
            ("X-Auth-Subject", "u-17"),
            ("X-Auth-Email", "ada@acme.example"),
            ("X-Auth-Username", "Ada"),
            ("X-Auth-Groups", "a,b"),
        ),
        {},
    ),
    "vouch": (
        (
            ("X-Vouch-User", "u-17"),
            ("X-Vouch-IdP-Claims-Email", "ada@acme.example"),
            ("X-Vouch-IdP-Claims-Name", "Ada"),
            ("X-Vouch-IdP-Claims-Groups", "a,b"),
        ),
        {},
    ),
    "kong-oidc": ((("X-Userinfo", b64(OIDC_CLAIMS)),), {}),
    "envoy-payload": ((("x-jwt-payload", b64url(json.dumps(OIDC_CLAIMS))),), {}),
    "apache-oidc": (
        (
            ("X-Oidc-sub", b64url("u-17")),
            ("X-Oidc-email", b64url("ada@acme.example")),
            ("X-Oidc-name", b64url("Ada")),
            ("X-Oidc-groups", b64url("a,b")),
        ),
        {},
    ),
}
HEADER_PRESETS = [name for name, preset in BUILT_IN.items() if preset.engine == "headers.engine"]


def of(load: Load, preset: str) -> tuple[Chain, tuple[Header, ...]]:
    more = {"WEBSITE_AUTH_ENABLED": "True"} if preset == "azure-easy-auth" else {}
    return loaded(load, preset, **more), SIGNED_ON[preset][0]


@pytest.mark.parametrize("preset", HEADER_PRESETS)
async def test_every_preset_takes_the_identity_of_its_login(load: Load, preset: str) -> None:
    authenticate, headers = of(load, preset)

    identity = (await authenticate(request(*headers))).identity

    expected: dict[str, Any] = {
        "subject": "u-17",
        "email": "ada@acme.example",
        "name": "Ada",
        "org_id": None,
        "groups": ("a", "b"),
        **SIGNED_ON[preset][1],
    }
    assert {name: getattr(identity, name) for name in expected} == expected


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("preset", HEADER_PRESETS)
@pytest.mark.parametrize("peer", ["10.0.3.8", "127.0.0.1", "::1", "::ffff:10.0.3.8", None])
async def test_no_preset_believes_anyone_else(load: Load, preset: str, peer: str | None) -> None:
    authenticate, headers = of(load, preset)

    with pytest.raises(NoSession):
        await authenticate(request(*headers, peer=peer))


@pytest.mark.requirement("R21")
@pytest.mark.parametrize("preset", HEADER_PRESETS)
async def test_names_with_an_underscore_are_no_twins(load: Load, preset: str) -> None:
    authenticate, headers = of(load, preset)
    twins = [(name.replace("-", "_"), value) for name, value in headers]

    with pytest.raises(NoSession):
        await authenticate(request(*twins))


@pytest.mark.requirement("R21")
async def test_a_twin_beside_the_header_changes_nothing(load: Load) -> None:
    authenticate = loaded(load)

    identity = (
        await authenticate(
            request(
                ("X_Forwarded_User", "root"),
                ("X-Forwarded-User", "u-17"),
                ("X-Forwarded_User", "r"),
            )
        )
    ).identity

    assert identity.subject == "u-17"


@pytest.mark.requirement("R22")
@pytest.mark.parametrize("preset", HEADER_PRESETS)
async def test_the_same_header_twice_is_refused(load: Load, preset: str) -> None:
    authenticate, headers = of(load, preset)

    for header in headers:
        with pytest.raises(InvalidCredential, match="repeated"):
            await authenticate(request(*headers, header))
        with pytest.raises(InvalidCredential, match="repeated"):
            await authenticate(request((header[0], ""), *headers))


@pytest.mark.requirement("R22")
@pytest.mark.parametrize("value", ["u-17,root", "u-17, root", ",u-17", "u-17,", ","])
@pytest.mark.parametrize("header", ["X-Forwarded-User", "X-Forwarded-Email"])
async def test_a_comma_in_an_id_is_refused(load: Load, header: str, value: str) -> None:
    authenticate = loaded(load, "oauth2-proxy")
    rest = {"X-Forwarded-User": "u-17", "X-Forwarded-Email": "ada@acme.example", header: value}

    with pytest.raises(InvalidCredential, match="comma"):
        await authenticate(request(*rest.items()))


async def test_a_display_name_may_have_a_comma(load: Load) -> None:
    authenticate = loaded(load, NAME_HEADER="X-Name")

    identity = (
        await authenticate(request(("X-Forwarded-User", "u"), ("X-Name", "Lovelace, Ada")))
    ).identity

    assert identity.name == "Lovelace, Ada"


@pytest.mark.requirement("R22")
@pytest.mark.parametrize("preset", HEADER_PRESETS)
async def test_an_empty_header_is_no_credential(load: Load, preset: str) -> None:
    authenticate, headers = of(load, preset)

    with pytest.raises(NoSession):
        await authenticate(request(*((name, "") for name, _ in headers)))


@pytest.mark.requirement("R22", "R11")
@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        ("utf-8", b"\xff"),
        ("utf-8", b"u\xc0\xaf"),
        ("utf-8", b"\xed\xa0\x80"),
        ("utf-8", "u\u202e17".encode()),
        ("utf-8", b"u\x0017"),
        ("utf-8", b"u\x1b[0m"),
        ("utf-8", "\ufeffu".encode()),
        ("utf-8", "\u00a0u".encode()),
        ("utf-8", b"u" * 256),
        ("utf-8", b"u" * 513),
        ("latin-1", b"u\x85"),
        ("percent", b"%ff"),
        ("percent", b"u%00"),
        ("percent", b"u%0d%0aX: y"),
        ("percent", b"u%2croot"),
        ("base64url", b"u-17=="),
        ("base64url", b"a"),
        ("base64url", b"a+b/"),
        ("base64url", "é".encode()),
        ("base64url", b64url("u,root").encode()),
        ("rfc2047", b"\xff"),
        ("rfc2047", b"=?nope?q?x?="),
        ("rfc2047", b"=?utf-8?b?x?="),
        ("rfc2047", b"=?utf-8?q?u=2Croot?="),
    ],
)
async def test_bytes_that_are_no_id_are_refused(load: Load, encoding: str, value: bytes) -> None:
    authenticate = loaded(load, ENCODING=encoding)

    with pytest.raises(InvalidCredential):
        await authenticate(request(("X-Forwarded-User", value)))


@pytest.mark.parametrize(
    ("encoding", "value", "subject"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("latin-1", b"Gr\xfc\xdfe", "Grüße"),
        ("percent", b"Gr%C3%BC%C3%9Fe", "Grüße"),
        ("base64url", b64url("Grüße").encode(), "Grüße"),
        ("rfc2047", b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("rfc2047", b"ada", "ada"),
    ],
)
async def test_an_id_is_read_in_its_encoding(
    load: Load, encoding: str, value: bytes, subject: str
) -> None:
    authenticate = loaded(load, ENCODING=encoding)

    assert (await authenticate(request(("X-Forwarded-User", value)))).identity.subject == subject


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"Ad\xe1", "Ad\N{REPLACEMENT CHARACTER}"),
        ("Ad\u202eá\x1b[31m".encode(), "Adá[31m"),
        (b" Ada ", "Ada"),
        (b"\x00", None),
    ],
)
async def test_a_display_name_is_read_as_far_as_it_goes(
    load: Load, value: bytes, name: str | None
) -> None:
    authenticate = loaded(load, NAME_HEADER="X-Name")

    identity = (
        await authenticate(request(("X-Forwarded-User", "u-17"), ("X-Name", value)))
    ).identity

    assert identity.name == name


async def test_every_field_has_a_header(load: Load) -> None:
    authenticate = loaded(
        load,
        ORG_ID_HEADER="X-Org",
        ORG_NAME_HEADER="X-Org-Name",
        GROUPS_HEADER="X-Groups",
        GROUPS_SEPARATOR=";",
    )

    identity = (
        await authenticate(
            request(
                ("X-Forwarded-User", "u-17"),
                ("X-Org", "o-1"),
                ("X-Org-Name", "Acme"),
                ("X-Groups", " a ;;b; "),
            )
        )
    ).identity

    assert identity == Identity(subject="u-17", org_id="o-1", org_name="Acme", groups=("a", "b"))


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("email", ["ada@acme.example ", "a\u202e@acme.example", "\x07", "a" * 256])
async def test_an_email_that_nobody_may_have_is_refused(load: Load, email: str) -> None:
    authenticate = loaded(load, "oauth2-proxy")

    with pytest.raises(InvalidCredential):
        await authenticate(request(("X-Forwarded-User", "u-17"), ("X-Forwarded-Email", email)))


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("email", ["ada", "a@b@c.example", "@", "-", "null", "a b@c.d"])
async def test_an_email_that_is_none_is_no_address(load: Load, email: str) -> None:
    authenticate = loaded(load, "oauth2-proxy")
    headers = request(("X-Forwarded-User", "u-17"), ("X-Forwarded-Email", email))

    identity = (await authenticate(headers)).identity

    assert (identity.subject, identity.email) == ("u-17", None)
    with pytest.raises(AccessDenied, match="no e-mail address"):
        await replace(authenticate, email_domains=frozenset({"acme.example"}))(headers)


@pytest.mark.requirement("R22")
@pytest.mark.parametrize(
    ("preset", "header", "value"),
    [
        ("kong-oidc", "X-Userinfo", "not base64!"),
        ("kong-oidc", "X-Userinfo", b64([])),
        ("kong-oidc", "X-Userinfo", base64.b64encode(b'{"sub":"a","sub":"b"}').decode()),
        ("kong-oidc", "X-Userinfo", b64({"email": "a@b.c"})),
        ("kong-oidc", "X-Userinfo", b64({"sub": ["u-17"]})),
        ("kong-oidc", "X-Userinfo", b64({"sub": True})),
        ("kong-oidc", "X-Userinfo", b64({"sub": "u", "groups": [1]})),
        ("kong-oidc", "X-Userinfo", b64({"sub": "u", "exp": 10**30})),
        ("kong-oidc", "X-Userinfo", b64({"sub": "u", "exp": -1})),
        ("kong-oidc", "X-Userinfo", b64({"sub": "u", "exp": "1800000000"})),
        ("kong-oidc", "X-Userinfo", b64({"sub": "u", "exp": True})),
        ("kong-oidc", "X-Userinfo", b64({"sub": "u", "exp": 1})),
        ("envoy-payload", "x-jwt-payload", b64url("{}")),
        ("envoy-payload", "x-jwt-payload", "é"),
        ("azure-easy-auth", "X-MS-CLIENT-PRINCIPAL", b64({"claims": [{"typ": "sub"}]})),
        ("azure-easy-auth", "X-MS-CLIENT-PRINCIPAL", b64({"claims": 1})),
        ("azure-easy-auth", "X-MS-CLIENT-PRINCIPAL", b64({"claims": ["x"]})),
        ("azure-easy-auth", "X-MS-CLIENT-PRINCIPAL", b64({"claims": [{"typ": [], "val": 1}]})),
    ],
)
async def test_a_payload_that_is_no_identity_is_refused(
    load: Load, preset: str, header: str, value: str
) -> None:
    authenticate, _ = of(load, preset)

    with pytest.raises(InvalidCredential):
        await authenticate(request((header, value)))


async def test_a_payload_tells_more_than_headers_can(load: Load) -> None:
    claims = {"sub": 17, "email_verified": "true", "groups": "a", "exp": 4_000_000_000.9, "x": 1}
    authenticate = loaded(load, "kong-oidc")

    identity = (await authenticate(request(("X-Userinfo", b64(claims))))).identity

    assert identity.subject == "17"
    assert identity.email_verified is True
    assert identity.groups == ("a",)
    assert identity.expires_at == 4_000_000_000
    assert identity.claims["x"] == 1


async def test_a_funnelled_request_is_nobodys(load: Load) -> None:
    authenticate = loaded(load, "tailscale")
    login = ("Tailscale-User-Login", "ada@acme.example")

    with pytest.raises(InvalidCredential, match="REFUSED_HEADERS"):
        await authenticate(request(login, ("Tailscale-Funnel-Request", "?1")))


@pytest.mark.requirement("R24")
async def test_the_proxy_secret_is_a_second_gate(load: Load) -> None:
    authenticate = loaded(
        load, PROXY_SECRET_HEADER="X-Proxy-Secret", PROXY_SECRET="of-the-proxy-0123456789"
    )
    user = ("X-Forwarded-User", "u-17")

    identity = (
        await authenticate(request(user, ("X-Proxy-Secret", "of-the-proxy-0123456789")))
    ).identity
    assert identity.subject == "u-17"
    for wrong in ("", "of-the-proxy", "of-the-proxy-0123456789 ", "Of-The-Proxy-0123456789", "é"):
        with pytest.raises(InvalidCredential, match="secret"):
            await authenticate(request(user, ("X-Proxy-Secret", wrong)))
    with pytest.raises(InvalidCredential, match="secret"):
        await authenticate(request(user))


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("peer", ["10.0.3.7", "::ffff:10.0.3.7", "2001:db8::7", "192.168.1.255"])
async def test_a_peer_is_known_by_its_address(load: Load, peer: str) -> None:
    authenticate = loaded(load, TRUSTED_PROXIES="10.0.3.7, 2001:db8::/64,192.168.1.0/24")

    assert await authenticate(request(("X-Forwarded-User", "u-17"), peer=peer))


@pytest.mark.requirement("R20")
async def test_a_unix_peer_is_known_where_there_are_no_others(load: Load) -> None:
    user = ("X-Forwarded-User", "u-17")

    by_unix = loaded(load, SSO_BIND="unix:/run/sso.sock", TRUSTED_PROXIES="unix")
    by_address = loaded(load, SSO_BIND="unix:/run/sso.sock")

    assert (await by_unix(request(user, peer=None))).identity.subject == "u-17"
    with pytest.raises(NoSession):
        await by_address(request(user, peer=None))
    with pytest.raises(NoSession):
        await by_unix(request(user, peer="10.0.3.7"))


@pytest.mark.requirement("R20")
def test_unix_peers_are_not_trusted_beside_a_port(load: Load) -> None:
    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="oauth2-proxy",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="10.0.3.7,unix",
    )

    assert "but SSO_BIND is not a unix socket" in found["SSO_AUTHENTICATORS"]


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("preset", HEADER_PRESETS)
@pytest.mark.parametrize(
    "proxies",
    [
        "",
        "*",
        "0.0.0.0/0",
        "::/0",
        "10.0.3.7,0.0.0.0/0",
        "0.0.0.0/1,128.0.0.0/1",
        "proxy",
        "10.0.3.7/8",
        "1.2.3",
    ],
)
def test_trust_in_everybody_does_not_start(load: Load, preset: str, proxies: str) -> None:
    variable = f"AUTH_{preset.upper().replace('-', '_')}_TRUSTED_PROXIES"

    found = problems(
        load,
        PANDIUM,
        {"SSO_AUTHENTICATORS": preset, variable: proxies, "WEBSITE_AUTH_ENABLED": "true"},
    )

    assert set(found) == {variable}


@pytest.mark.parametrize("switch", ["", "false", "0"])
def test_easy_auth_does_not_start_where_it_is_off(
    load: Load, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    monkeypatch.delenv("WEBSITE_AUTH_ENABLED", raising=False)

    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="azure-easy-auth",
        AUTH_AZURE_EASY_AUTH_TRUSTED_PROXIES="169.254.1.1",
        WEBSITE_AUTH_ENABLED=switch,
    )

    assert "anyone can be anybody" in found["WEBSITE_AUTH_ENABLED"]


GATE = {"PROXY_SECRET_HEADER": "X-Gate"}


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        ({**GATE, "PROXY_SECRET": "x" * 5}, "PROXY_SECRET", "is shorter than 12 characters"),
        ({"PROXY_SECRET": "of-the-proxy-17"}, "PROXY_SECRET", "both or neither"),
        ({"PROXY_SECRET_HEADER": "X-S"}, "PROXY_SECRET", "both or neither"),
        ({"SUBJECT_HEADER": "X_User"}, "SUBJECT_HEADER", "hyphens"),
        ({"EMAIL_HEADER": "X-É"}, "EMAIL_HEADER", "hyphens"),
        ({"SUBJECT_HEADER": "Cookie"}, "SUBJECT_HEADER", "names cookie, a credential"),
        ({"NAME_HEADER": "authorization"}, "NAME_HEADER", "a credential"),
        ({"CLAIM_HEADERS": "a=X-A,b=COOKIE"}, "CLAIM_HEADERS", "a credential"),
        ({"ENCODING": "utf-16"}, "ENCODING", "should be 'utf-8'"),
        ({"MAX_LENGTH": "0"}, "MAX_LENGTH", "greater"),
        (
            {"SUBJECT_HEADR": "X"},
            "SUBJECT_HEADR",
            "did you mean AUTH_TRUSTED_HEADERS_SUBJECT_HEADER",
        ),
    ],
)
def test_a_wrong_variable_is_named(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    prefix = "AUTH_TRUSTED_HEADERS_"
    given = {prefix + name: value for name, value in variables.items()}

    found = problems(
        load,
        PANDIUM,
        {"SSO_AUTHENTICATORS": "trusted-headers", f"{prefix}TRUSTED_PROXIES": PROXIES},
        given,
    )

    assert words in found[prefix + variable]


async def test_an_untrusted_peer_is_reported_once(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    authenticate = loaded(load)

    for peer in ("10.9.9.9", "10.9.9.9", "10.9.9.8"):
        with pytest.raises(NoSession):
            await authenticate(request(("X-Forwarded-User", "secret-name"), peer=peer))
    with pytest.raises(NoSession):
        await authenticate(request(("X-Preview", "1"), peer="10.9.9.7"))

    lines = capsys.readouterr().out
    assert lines.count("untrusted_peer") == 2
    assert lines.count("peer=10.9.9.9") == 1
    assert "AUTH_TRUSTED_HEADERS_TRUSTED_PROXIES=10.0.3.7/32,10.9.9.9" in lines
    assert "10.9.9.7" not in lines
    assert "secret-name" not in lines


async def test_headers_that_refuse_are_a_list_like_all_others(load: Load) -> None:
    authenticate = loaded(load, REFUSED_HEADERS="X-Preview, X-Shared")
    ada = ("X-Forwarded-User", "u-17")

    assert (await authenticate(request(ada))).identity.subject == "u-17"
    for header in ("X-Preview", "x-shared"):
        with pytest.raises(InvalidCredential):
            await authenticate(request(ada, (header, "")))


@pytest.mark.parametrize("length", [512, 513])
async def test_a_display_name_is_bounded_like_an_id(load: Load, length: int) -> None:
    authenticate = loaded(load, NAME_HEADER="X-Name")
    headers = ("X-Forwarded-User", "u-17"), ("X-Name", "n" * length)

    if length <= 512:
        assert (await authenticate(request(*headers))).identity.name == "n" * length
    else:
        with pytest.raises(InvalidCredential, match="513 bytes long"):
            await authenticate(request(*headers))


@pytest.mark.requirement("R21", "R27")
async def test_headers_that_were_read_before_pass_every_gate_again(load: Load) -> None:
    authenticate = loaded(load, PROXY_SECRET_HEADER="X-Gate", PROXY_SECRET="open-sesame-17")
    ada, gate = ("X-Forwarded-User", "u-17"), ("X-Gate", "open-sesame-17")
    assert (await authenticate(request(ada, gate))).identity.subject == "u-17"

    with pytest.raises(NoSession):
        await authenticate(request(ada, gate, peer="10.0.3.8"))
    for headers in ((ada,), (ada, ("X-Gate", "open-sesame-18")), (ada, gate, gate), (ada, ada)):
        with pytest.raises(InvalidCredential):
            await authenticate(request(*headers))
    assert (
        await authenticate(request(("X-Forwarded-User", "u-18"), gate))
    ).identity.subject == "u-18"
    assert (await authenticate(request(ada, gate))).identity.subject == "u-17"


@pytest.mark.requirement("R27")
async def test_a_payload_that_was_read_before_ends_all_the_same(load: Load) -> None:
    clock = [1_800_000_000.0]
    config = load(
        PANDIUM,
        SSO_AUTHENTICATORS="kong-oidc",
        AUTH_KONG_OIDC_TRUSTED_PROXIES=PROXIES,
    )
    authenticate = Chain(
        authenticators=config.authenticators, timeout_seconds=5, now=lambda: clock[0]
    )
    payload = ("X-Userinfo", b64({"sub": "u-17", "exp": 1_800_000_060}))
    assert await authenticate(request(payload))

    clock[0] += 60

    with pytest.raises(InvalidCredential, match="over"):
        await authenticate(request(payload))


async def test_only_so_many_headers_are_remembered(load: Load) -> None:
    authenticate = loaded(load)

    for number in range(600):
        name = f"kept-{number}"
        identity = (await authenticate(request(("X-Forwarded-User", name)))).identity
        assert identity.subject == name

    found = [each for each in gc.get_objects() if isinstance(each, Identity)]
    assert sum(identity.subject.startswith("kept-") for identity in found) <= 257


CLAIM_HEADERS = "department=X-Department, https://acme.example/plan=X-Plan"


async def test_further_headers_are_claims(load: Load) -> None:
    authenticate = loaded(
        load,
        GIVEN_NAME_HEADER="X-Given",
        FAMILY_NAME_HEADER="X-Family",
        CLAIM_HEADERS=CLAIM_HEADERS,
    )

    identity = (
        await authenticate(
            request(
                ("X-Forwarded-User", "u-17"),
                ("X-Given", "Ada"),
                ("X-Family", "Lovelace"),
                ("X-Department", "Sales, Überlingen"),
                ("X-Plan", ""),
            )
        )
    ).identity

    assert (identity.given_name, identity.family_name) == ("Ada", "Lovelace")
    assert identity.claims == {"department": "Sales, Überlingen"}


async def test_further_headers_are_beside_a_payload_too(load: Load) -> None:
    authenticate = loaded(load, "kong-oidc", CLAIM_HEADERS="plan=X-Plan")

    identity = (
        await authenticate(request(("X-Userinfo", b64(OIDC_CLAIMS)), ("X-Plan", "gold")))
    ).identity

    assert identity.claims == {**OIDC_CLAIMS, "plan": "gold"}


@pytest.mark.requirement("R21", "R22")
@pytest.mark.parametrize(
    "headers",
    [
        [("X-Department", "a"), ("X-Department", "b")],
        [("X-Department", b"\xff")],
        [("X-Department", "a" * 513)],
        [("X-Department", "a\x00b")],
        [("X-Department", "a\u202eb")],
    ],
)
async def test_further_headers_have_the_bounds_of_all_others(
    load: Load, headers: list[Header]
) -> None:
    authenticate = loaded(load, CLAIM_HEADERS=CLAIM_HEADERS)

    with pytest.raises(InvalidCredential):
        await authenticate(request(("X-Forwarded-User", "u-17"), *headers))
    with pytest.raises(NoSession):
        await authenticate(request(("X-Forwarded-User", "u-17"), *headers, peer="10.9.9.9"))


@pytest.mark.requirement("R61")
async def test_a_header_can_say_that_the_address_is_not_verified(load: Load) -> None:
    authenticate = loaded(load, "oauth2-proxy", CLAIM_HEADERS="email_verified=X-Email-Verified")
    user = (("X-Forwarded-User", "u-17"), ("X-Forwarded-Email", "ada@acme.example"))

    for text, email in (("True", "ada@acme.example"), ("false", None), ("x", None)):
        identity = (await authenticate(request(*user, ("X-Email-Verified", text)))).identity
        assert identity.email == email


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    "text", ["department", "=X-A", "a=", "a b=X-A", "a=X_A", "a=X-A,a=X-B", "a=X A", "{a}=X-A"]
)
def test_further_headers_that_are_not_written_so_are_named(load: Load, text: str) -> None:
    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="trusted-headers",
        AUTH_TRUSTED_HEADERS_TRUSTED_PROXIES="10.0.3.7",
        AUTH_TRUSTED_HEADERS_CLAIM_HEADERS=text,
    )

    assert list(found) == ["AUTH_TRUSTED_HEADERS_CLAIM_HEADERS"]


@pytest.mark.requirement("R60")
@pytest.mark.parametrize(
    "proxies", ["0.0.0.0/1", "::ffff:0:0/96", "10.0.0.0/7", "::/0", "2000::/3"]
)
def test_more_than_anybodys_own_network_does_not_start(load: Load, proxies: str) -> None:
    for variable in ("AUTH_OAUTH2_PROXY_TRUSTED_PROXIES", "SSO_METRICS_CLIENTS"):
        usual = {"AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "10.0.3.7"}
        found = problems(
            load, PANDIUM, {**usual, variable: proxies}, SSO_AUTHENTICATORS="oauth2-proxy"
        )

        assert "trusts everybody" in found[variable]


@pytest.mark.requirement("R60")
async def test_a_mapped_proxy_is_believed(load: Load) -> None:
    authenticate = loaded(load, TRUSTED_PROXIES="::ffff:10.0.3.7")

    for peer in ("10.0.3.7", "::ffff:10.0.3.7"):
        found = await authenticate(request(("X-Forwarded-User", "u-17"), peer=peer))
        assert found.identity.subject == "u-17"


@pytest.mark.requirement("R60", "R64")
def test_a_proxy_on_the_internet_is_told(load: Load) -> None:
    public = loaded(load, TRUSTED_PROXIES="10.0.3.7,8.8.8.0/24")
    private = loaded(load, TRUSTED_PROXIES="10.0.3.7,unix", SSO_BIND="unix:/run/x.sock")

    (warning,) = public.authenticators["trusted-headers"].warnings  # type: ignore[attr-defined] # it may have some
    assert (
        "AUTH_TRUSTED_HEADERS_TRUSTED_PROXIES has addresses of the internet: 8.8.8.0/24" in warning
    )
    assert private.authenticators["trusted-headers"].warnings == ()  # type: ignore[attr-defined] # the same


@pytest.mark.parametrize(
    "principal",
    [
        {"auth_typ": "aad", "claims": None},
        {"auth_typ": "aad"},
        {"claims": [{"typ": "exp", "val": "4000000000"}, {"typ": "exp", "val": "4000000000"}]},
        {"claims": [{"typ": "iat", "val": "1700000000"}, {"typ": "nbf", "val": 1_700_000_000}]},
    ],
)
async def test_a_principal_is_read_as_easy_auth_writes_it(load: Load, principal: object) -> None:
    authenticate, _ = of(load, "azure-easy-auth")
    headers = (("X-MS-CLIENT-PRINCIPAL-ID", "u-17"), ("X-MS-CLIENT-PRINCIPAL", b64(principal)))

    assert (await authenticate(request(*headers))).identity.subject == "u-17"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=4,
)
PRINCIPAL = st.fixed_dictionaries(
    {},
    optional={
        "claims": ANYTHING
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "typ": ANYTHING | st.sampled_from(["exp", "groups", "email", "iat", "nbf"]),
                    "val": ANYTHING | st.sampled_from(["4000000000", "1", "x"]),
                },
            )
        )
    },
)


@pytest.mark.requirement("R14")
@given(principal=PRINCIPAL, payload=ANYTHING, text=st.binary(max_size=40))
async def test_whatever_a_payload_says_it_is_an_identity_or_refused(
    principal: dict[str, Any], payload: object, text: bytes
) -> None:
    for payload_format, value in (
        ("azure-principal", b64(principal).encode()),
        ("azure-principal", text),
        ("base64-json", b64(payload).encode()),
        ("base64-json", b64({**OIDC_CLAIMS, "x": payload}).encode()),
    ):
        variables = TrustedHeadersVariables(
            _env_prefix="NOWHERE_",
            trusted_proxies="10.0.3.7",
            payload_header="X-Payload",
            payload_format=payload_format,
        )
        authenticate = Chain(
            authenticators={"x": TrustedHeaders("x", variables)}, timeout_seconds=5
        )
        with contextlib.suppress(InvalidCredential):
            await authenticate(request(("X-Forwarded-User", "u-17"), ("X-Payload", value)))


def test_a_time_of_easy_auth_may_be_a_number_too() -> None:
    principal = {"claims": [{"typ": "exp", "val": 1_800_000_000}, {"typ": "iat", "val": "17"}]}

    claims = payload(base64.b64encode(json.dumps(principal).encode()), "azure-principal")

    assert claims == {"exp": 1_800_000_000, "iat": 17}


@pytest.mark.parametrize("text", ["soon", "", "2026-11-26T02:00:00Z", "1.5", "-1", "1 "])
def test_a_time_of_easy_auth_in_another_writing_is_none(text: str) -> None:
    principal = {"claims": [{"typ": "exp", "val": text}]}

    with pytest.raises(InvalidCredential, match="not azure-principal"):
        payload(base64.b64encode(json.dumps(principal).encode()), "azure-principal")
