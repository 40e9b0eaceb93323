"""What the environment changes: where the vendors are, who may come, what they are told."""

import base64
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from .acme import (
    ADA,
    APIFUSE,
    APIFUSE_SECRET,
    AS_SHIPPED,
    BEHIND_OAUTH2_PROXY,
    EMAIL,
    HOST_ORIGIN,
    LOGIN_URL,
    PANDIUM,
    PANDIUM_SECRET,
    SCRIPT,
    SUBJECT,
    TOP_LEVEL,
)
from .service import Service, serving_all
from .vendor import arrive

KEY = bytes(range(200, 240))
CLAIMS = {
    "sub": "{subject}",
    "meta": {"plan": "gold", "who": "{name|email} at {org_name|email}", "none": "{org_name}"},
    "ti": {"ili": ["1121"], "xti": {"open": "{{", "user_group": "{groups}"}},
}
ENVIRONMENTS = {
    "least": {
        "PANDIUM_SHARED_SECRET": PANDIUM_SECRET,
        "PANDIUM_ACCOUNT": "acme",
    },
    "sandbox": {
        **PANDIUM,
        "PANDIUM_ENVIRONMENT": "sandbox",
        "PANDIUM_SHARED_SECRET": base64.b64encode(KEY).decode(),
        "PANDIUM_SECRET_ENCODING": "base64",
        "PANDIUM_TOKEN_LIFETIME_SECONDS": "60",
    },
    "demo": {
        **PANDIUM,
        "PANDIUM_ENVIRONMENT": "demo",
        "PANDIUM_SHARED_SECRET": f"  {KEY.hex()}\n",
        "PANDIUM_SECRET_ENCODING": "hex",
        "APIFUSE_API_SECRET": APIFUSE_SECRET,
        "APIFUSE_ORG_ID": "4711",
        "APIFUSE_CUSTOM_DOMAIN": "market.acme.example",
    },
    "form of the sample": {
        "PANDIUM_SUB_DOMAIN": "acme",
        "PANDIUM_SHARED_SECRET": base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        "PANDIUM_SECRET_ENCODING": "base64url",
    },
    "addresses of one's own": {
        **PANDIUM,
        "PANDIUM_MARKETPLACE_URL": "https://market.acme.example/in/{account}",
        "PANDIUM_INSTALL_URL": "https://market.acme.example:8443/{account}/{integration_id}/go",
    },
    "claims of one's own": {
        **PANDIUM,
        "PANDIUM_CLAIMS": json.dumps(CLAIMS),
        "PANDIUM_PATH": "/go",
        "PANDIUM_FORWARD_PARAMETERS": "lang",
        "SSO_CLOCK_SKEW_SECONDS": "0",
    },
    "anonymous": {**APIFUSE, "APIFUSE_ANONYMOUS": "redirect"},
    "short addresses": {**PANDIUM, "SSO_MAX_LOCATION_BYTES": "256"},
    "login with a query": {
        **AS_SHIPPED,
        "SSO_LOGIN_URL": f"{LOGIN_URL}?realm=a%26b",
        "SSO_LOGIN_RETURN_PARAMETER": "returnTo",
        "SSO_PUBLIC_URL": "https://app.acme.example/market/",
    },
    "talkative": {**AS_SHIPPED, "SSO_LOG_LEVEL": "debug"},
    "one domain": {**PANDIUM, "SSO_ALLOWED_EMAIL_DOMAINS": "acme.example"},
    "one group": {**PANDIUM, "SSO_REQUIRED_GROUPS": "engineering"},
    "another group": {**PANDIUM, "SSO_REQUIRED_GROUPS": "engineer"},
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    folder = tmp_path_factory.mktemp("environments")
    secrets = folder / "secrets"
    secrets.mkdir()
    (secrets / "PANDIUM_SHARED_SECRET").write_text(f"{PANDIUM_SECRET}\n")
    secrets_in_files = {"PANDIUM_ACCOUNT": "acme", "SECRETS_DIR": str(secrets)}
    environments = {
        name: {**BEHIND_OAUTH2_PROXY, **environment, "WEB_CONCURRENCY": "1"}
        for name, environment in {**ENVIRONMENTS, "secrets in files": secrets_in_files}.items()
    }
    with serving_all(environments, folder) as running:
        yield running


class Page(NamedTuple):
    """Where a target leads in an environment, and with which key its token is signed."""

    environment: str
    target: str
    address: str
    key: str | bytes


PAGES = (
    Page("least", "/pandium-sso", "https://imp.pandium.io/acme", PANDIUM_SECRET),
    Page("secrets in files", "/pandium-sso", "https://imp.pandium.io/acme", PANDIUM_SECRET),
    Page("sandbox", "/pandium-sso", "https://imp.sandbox.pandium.com/acme", KEY),
    Page(
        "sandbox",
        "/pandium-sso/install/1121",
        "https://imp.sandbox.pandium.com/acme/tenants/create/1121",
        KEY,
    ),
    Page("demo", "/pandium-sso", "https://imp.demo.pandium.com/acme", KEY),
    Page(
        "demo",
        "/pandium-sso/install/1121",
        "https://imp.demo.pandium.com/acme/tenants/create/1121",
        KEY,
    ),
    Page("demo", "/apifuse-sso", "https://market.acme.example", APIFUSE_SECRET),
    Page(
        "demo",
        "/apifuse-sso/listing/64b7f0c2a1",
        "https://market.acme.example/listing/64b7f0c2a1",
        APIFUSE_SECRET,
    ),
    Page("form of the sample", "/pandium-sso", "https://acme.go.pandium.com/", KEY),
    Page(
        "addresses of one's own",
        "/pandium-sso",
        "https://market.acme.example/in/acme",
        PANDIUM_SECRET,
    ),
    Page(
        "addresses of one's own",
        "/pandium-sso/install/1121",
        "https://market.acme.example:8443/acme/1121/go",
        PANDIUM_SECRET,
    ),
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.environment}: {page.target}")
def test_the_environment_decides_where_the_vendor_is(
    services: dict[str, Service], page: Page
) -> None:
    answer = services[page.environment].get(page.target, *ADA)

    parameter = "jwt" if page.target.startswith("/apifuse") else "tenant"
    arrival = arrive(answer["Location"], key=page.key, parameter=parameter)
    assert answer.status == 307
    assert arrival.address.removesuffix("/") == page.address.removesuffix("/")
    assert EMAIL in {arrival.claims.get("sub"), arrival.claims.get("user", {}).get("email")}


@pytest.mark.parametrize(
    ("environment", "target"),
    [
        ("least", "/pandium-sso/install/1121"),
        ("least", "/apifuse-sso"),
        ("least", "/apifuse-sso/listing/64b7f0c2a1"),
        ("anonymous", "/pandium-sso"),
        ("form of the sample", "/pandium-sso/install/1121"),
        ("claims of one's own", "/pandium-sso"),
    ],
)
def test_a_page_that_is_not_configured_does_not_exist(
    services: dict[str, Service], environment: str, target: str
) -> None:
    assert services[environment].get(target, *ADA).status == 404


def test_the_operator_shapes_the_claims(services: dict[str, Service]) -> None:
    answer = services["claims of one's own"].get("/go?lang=de&display=list", *ADA)

    arrival = arrive(answer["Location"], key=PANDIUM_SECRET, parameter="tenant")
    assert arrival.parameters == {"lang": "de"}
    assert arrival.claims["sub"] == SUBJECT
    assert arrival.claims["meta"] == {"plan": "gold", "who": f"Ada Lovelace at {EMAIL}"}
    assert arrival.claims["ti"]["ili"] == ["1121"]
    assert arrival.claims["ti"]["uem"] == EMAIL
    assert arrival.claims["ti"]["xti"] == {
        "open": "{",
        "user_group": ["engineering", "board-secret"],
    }


def test_an_anonymous_visitor_may_browse_where_the_operator_says_so(
    services: dict[str, Service],
) -> None:
    service = services["anonymous"]
    anonymous = service.get("/apifuse-sso/listing/64b7f0c2a1")
    broken = service.get("/apifuse-sso", "X-Forwarded-User: a,b")
    signed_in = service.get("/apifuse-sso", *ADA)

    assert anonymous.status == 307
    assert anonymous["Location"].rstrip("#?") == "https://acme.apifuse.io/listing/64b7f0c2a1"
    assert broken.status == 401
    assert arrive(signed_in["Location"], key=APIFUSE_SECRET, parameter="jwt").claims["user"]


def test_an_address_too_long_is_an_error_and_never_a_cut_token(
    services: dict[str, Service],
) -> None:
    for target in ("/pandium-sso", "/pandium-sso/install/1121", "/pandium-sso?display=list"):
        answer = services["short addresses"].get(target, *ADA, SCRIPT)

        assert answer.status == 500
        assert answer.json()["code"] == "location_too_long"
        assert answer.get("Location") is None
        assert "eyJ" not in answer.text


def test_a_login_address_with_a_query_of_its_own_keeps_it(services: dict[str, Service]) -> None:
    answer = services["login with a query"].get("/pandium-sso?display=list", *TOP_LEVEL)

    parts = urlsplit(answer["Location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == LOGIN_URL
    realm, (name, back) = parse_qsl(parts.query)
    page, _, mark = back.partition("&sso_attempt=")
    assert realm == ("realm", "a&b")
    assert (name, page) == (
        "returnTo",
        "https://app.acme.example/market/pandium-sso?display=list",
    )
    assert mark.isdigit()


@pytest.mark.requirement("R46")
def test_every_sign_on_and_every_refusal_is_one_line_written_before_the_answer(
    services: dict[str, Service],
) -> None:
    service = services["talkative"]
    identities = [
        ADA,
        (),
        ("X-Forwarded-User: u-17",),
        ("X-Forwarded-User: u\u2028\u202e\u0085-17,", ADA[1]),
        ("X-Forwarded-User: " + "x" * 8000, ADA[1]),
    ]
    for fields in identities:
        answer = service.get("/pandium-sso", *fields, SCRIPT)

        [line] = [line for line in service.stdout.splitlines() if answer["X-Request-ID"] in line]
        told = json.loads(line)
        assert told["request_id"] == answer["X-Request-ID"]
        assert told["peer"] == "127.0.0.1"
        assert told["destination"] == "pandium"
        assert told["code"] == (None if answer.status == 200 else answer.json()["code"])
        assert SUBJECT not in line
        assert EMAIL not in line


@pytest.mark.requirement("R45")
def test_even_a_talkative_service_keeps_tokens_secrets_and_queries_to_itself(
    services: dict[str, Service],
) -> None:
    service = services["talkative"]
    private = (
        "Cookie: s=private-1",
        "Authorization: Bearer private-2",
        f"Referer: {HOST_ORIGIN}/private-3",
    )
    query = "integration_settings=private-4&tenant=private-5"
    answers = [
        service.get(f"{target}?{query}", *identity, *asking, *private)
        for target in ("/pandium-sso", "/pandium-sso/install/1121", "/apifuse-sso", "/nothing")
        for identity in (ADA, ADA[:1], ())
        for asking in ((), (SCRIPT,), TOP_LEVEL)
    ]

    tokens = [
        piece
        for answer in answers
        for value in (answer.get("Location") or "", answer.text)
        for piece in re.findall(r"eyJ[\w-]+\.([\w-]+)\.([\w-]+)", value)
    ]
    printed = service.output
    assert len(tokens) == 12
    assert "eyJ" not in printed
    for piece in (PANDIUM_SECRET, APIFUSE_SECRET, "private-", *chain.from_iterable(tokens)):
        assert piece not in printed


@pytest.mark.parametrize(
    ("environment", "email", "status"),
    [
        ("one domain", "ada@acme.example", 307),
        ("one domain", "ada@ACME.EXAMPLE", 307),
        ("one domain", "ada@evil.example", 403),
        ("one domain", "ada@sub.acme.example", 403),
        ("one domain", "ada@evilacme.example", 403),
        ("one domain", "ada@acme.example.evil.example", 403),
        ("one domain", "ada@acme.example.", 403),
        ("one domain", "acme.example@evil.example", 403),
        ("one domain", "ada@evil.example#acme.example", 403),
        ("one domain", "ada@evil.example%40acme.example", 403),
        ("one domain", "ada@\u0430cme.example", 403),
        ("one domain", "ada@\uff41cme.example", 403),
        ("one domain", "", 403),
        ("one group", EMAIL, 307),
        ("another group", EMAIL, 403),
    ],
)
def test_the_operator_chooses_who_may_sign_on(
    services: dict[str, Service], environment: str, email: str, status: int
) -> None:
    fields = (ADA[0], f"X-Forwarded-Email: {email}", ADA[-1])
    script = services[environment].get("/pandium-sso", *fields)
    page = services[environment].get("/pandium-sso", *fields, *TOP_LEVEL)

    assert script.status == page.status == status
    assert (script.get("Location") is None) == (status == 403)
