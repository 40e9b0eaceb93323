import base64
import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urljoin, urlsplit

import ada_url
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt as vendors_library
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry

from app.destinations.row_keys import key_prefix
from app.main import create_app
from app.server.loading import load
from tests.destinations.sample_rows import SHORT, Rows, pem, secret
from tests.in_process import Client, Load, MakeClient, Server, problems
from tests.samples import NOW, PANDIUM, PROXY
from tests.system import corpus

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "config" / "destinations.example.toml"


ASYMMETRIC = {
    "mintlify": pem(ec.generate_private_key(ec.SECP256R1())),
    **{
        name: pem(rsa.generate_private_key(65537, 2048))
        for name in (
            *("workato", "cobrowse", "freshworks", "prismatic", "jaas", "bytechef", "paragon"),
            "assertion",
        )
    },
}
HMAC = (
    *("acme", "blendr", "zendesk", "canny", "featurebase", "uservoice", "readme", "helpscout"),
    *("metabase", "nolt", "zendesk-messaging", "tableau", "sigma", "metabase-sdk", "superset"),
    *("n8n", "lightdash", "intercom"),
)
API_KEYS = ("merge", "luzmo")
KEYS = {**{name: secret(name) for name in (*HMAC, *API_KEYS)}, **ASYMMETRIC}
ALGORITHMS = {
    **dict.fromkeys(HMAC, "HS256"),
    **dict.fromkeys(ASYMMETRIC, "RS256"),
    "helpscout": "HS512",
    "mintlify": "ES256",
}

KONG = {"SSO_AUTHENTICATORS": "kong-oidc", "AUTH_KONG_OIDC_TRUSTED_PROXIES": "127.0.0.1"}
CLAIMS = {
    "sub": "u-17",
    "email": "ada@acme.example",
    "name": "Ada Lovelace",
    "given_name": "Ada",
    "locale": "en-GB",
    "org": {"id": "o-1", "name": "Acme"},
    "groups": ["a", "b"],
}
ADA = {"X-Userinfo": base64.b64encode(json.dumps(CLAIMS).encode()).decode()}
HEADERS = {
    "zendesk-messaging": {"kid": "app_0123456789abcdef"},
    "tableau": {
        "kid": "01234567-89ab-cdef-0123-456789abcdef",
        "iss": "fedcba98-7654-3210-fedc-ba9876543210",
    },
    "sigma": {"kid": "0123456789abcdef"},
    "jaas": {"kid": "vpaas-magic-cookie-0123456789abcdef/4f4910", "typ": "JWT"},
    "bytechef": {"kid": "RS256-0123456789"},
}
ORGANISATION = {
    "AUTH_KONG_OIDC_ORG_ID_CLAIM": "org.id",
    "AUTH_KONG_OIDC_ORG_NAME_CLAIM": "org.name",
}


@pytest.fixture(scope="module")
def service() -> Client:
    """The service with every row of the example file, whose keys take a while to read."""
    keys = {f"{key_prefix(name)}KEY": key for name, key in KEYS.items()}
    with pytest.MonkeyPatch.context() as environment:
        variables = {**KONG, **ORGANISATION, **keys, "SSO_DESTINATIONS_FILE": str(EXAMPLE)}
        for name, value in variables.items():
            environment.setenv(name, value)
        return Client(Server(create_app(load(now=lambda: NOW), now=lambda: NOW)))


def decoded(name: str, token: str) -> dict[str, Any]:
    """Read a token with the vendor's key and another library."""
    algorithm = ALGORITHMS[name]
    kind: Any = {"HS": "oct", "RS": "RSA", "ES": "EC"}[algorithm[:2]]
    key = import_key(KEYS[name], kind)
    lax = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    read = vendors_library.decode(token, key, registry=lax)
    assert read.header["alg"] == algorithm
    assert HEADERS.get(name, {}).items() <= read.header.items()
    claims: dict[str, Any] = read.claims
    return claims


def follow(service: Client, path: str, query: str = "") -> Any:
    """Open a page as a browser does, and return the address where it ends."""
    answer = service.simulate_get(path, query_string=query, headers=ADA)
    assert answer.status_code == 307
    location = answer.headers["location"]
    assert ada_url.URL(location).href.rstrip("#") == ada_url.URL(location.rstrip("#")).href
    return urlsplit(location)


AT = int(NOW)
IN_THE_QUERY: list[tuple[str, str, str, str, dict[str, Any]]] = [
    (
        "acme",
        "/acme-sso",
        "https://market.example.com/sso",
        "jwt",
        {"iat": AT - 5, "exp": AT + 300, "sub": "u-17", "email": "ada@acme.example"},
    ),
    *(
        (
            "blendr",
            f"/blendr-sso{path}",
            f"https://app.blendr.example.com/sso{path}",
            "jwt",
            {
                "iat": AT - 5,
                "exp": AT + 300,
                "account": {"external_id": "o-1", "name": "Acme"},
                "user": {
                    "external_id": "u-17",
                    "name": "Ada Lovelace",
                    "email": "ada@acme.example",
                    "locale": "en-GB",
                },
            },
        )
        for path in (
            "",
            "/templates",
            "/templates/01234567-89ab-cdef-0123-456789abcdef/install",
        )
    ),
    (
        "canny",
        "/canny-sso",
        "https://canny.io/api/redirects/sso",
        "ssoToken",
        {"id": "u-17", "email": "ada@acme.example", "name": "Ada Lovelace"},
    ),
    (
        "featurebase",
        "/featurebase-sso",
        "https://acme.featurebase.app/api/v1/auth/access/jwt",
        "jwt",
        {"userId": "u-17", "email": "ada@acme.example", "name": "Ada Lovelace"},
    ),
    (
        "uservoice",
        "/uservoice-sso",
        "https://acme.uservoice.com/",
        "sso",
        {
            "guid": "u-17",
            "email": "ada@acme.example",
            "display_name": "Ada Lovelace",
            "expires": "2027-01-15 08:05:00",
        },
    ),
    (
        "readme",
        "/readme-sso",
        "https://docs.example.com/",
        "auth_token",
        {"name": "Ada Lovelace", "email": "ada@acme.example", "version": 1},
    ),
    (
        "helpscout",
        "/helpscout-sso",
        "https://acme.helpscoutdocs.com/authcallback",
        "token",
        {"exp": AT + 300, "sub": "ada@acme.example"},
    ),
    (
        "workato",
        "/workato-sso",
        "https://app.workato.com/direct_link",
        "workato_dl_token",
        {
            "sub": "vendor-api-key:o-1:u-17",
            "iat": AT - 5,
            "origin": "https://app.example.com",
        },
    ),
    (
        "cobrowse",
        "/cobrowse-sso",
        "https://cobrowse.io/dashboard",
        "token",
        {
            "iat": AT - 5,
            "exp": AT + 300,
            "aud": "https://cobrowse.io",
            "iss": "0123456789abcdef",
            "sub": "ada@acme.example",
            "displayName": "Ada Lovelace",
        },
    ),
]


@pytest.mark.requirement("R32")
@pytest.mark.parametrize(("name", "path", "address", "parameter", "expected"), IN_THE_QUERY)
def test_a_vendor_that_reads_the_query_gets_its_claims(
    service: Client, name: str, path: str, address: str, parameter: str, expected: dict[str, Any]
) -> None:
    answer = service.simulate_get(path, headers=ADA)
    parts = urlsplit(answer.headers["location"])

    assert answer.status_code == 307
    assert answer.headers["location"].endswith("#")
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == address
    (token,) = parse_qs(parts.query)[parameter]
    claims = decoded(name, token)
    if name == "workato":
        assert len(claims.pop("jti")) == 36
    assert claims == expected


def test_a_fixed_parameter_stands_beside_the_token(service: Client) -> None:
    parts = follow(service, "/canny-sso", "redirect=https://feedback.example.com&companyID=evil")

    assert [name for name, _ in parse_qsl(parts.query)] == ["companyID", "redirect", "ssoToken"]
    assert parse_qs(parts.query)["companyID"] == ["0123456789abcdef01234567"]


def test_metabase_gets_its_token_in_the_path_and_options_in_the_fragment(service: Client) -> None:
    parts = follow(service, "/metabase-sso/dashboard")

    assert parts.query == ""
    assert parts.fragment == "bordered=false&titled=true"
    prefix, token = parts.path.rsplit("/", 1)
    assert prefix == "/embed/dashboard"
    assert decoded("metabase", token) == {
        "exp": AT + 600,
        "params": {"organisation": "o-1"},
        "resource": {"dashboard": 42},
    }
    question = follow(service, "/metabase-sso/question").path.rsplit("/", 1)[1]
    assert decoded("metabase", question)["resource"] == {"question": 7}


def test_nolt_gets_its_token_in_the_path(service: Client) -> None:
    parts = follow(service, "/nolt-sso", "returnUrl=https%3A%2F%2Facme.nolt.io%2Ftop")

    assert parts.query == "returnUrl=https%3A%2F%2Facme.nolt.io%2Ftop"
    assert decoded("nolt", parts.path.removeprefix("/sso/")) == {
        "id": "u-17",
        "email": "ada@acme.example",
        "name": "Ada Lovelace",
    }


@pytest.mark.requirement("R32")
def test_mintlify_gets_its_token_in_the_fragment(service: Client) -> None:
    parts = follow(service, "/mintlify-sso")

    assert (parts.path, parts.query) == ("/login/jwt-callback", "")
    assert decoded("mintlify", parts.fragment) == {
        "exp": AT + 60,
        "host": "docs.example.com",
        "content": {"firstName": "Ada", "email": "ada@acme.example"},
        "groups": ["a", "b"],
    }


def test_freshworks_gets_back_what_it_sent(service: Client) -> None:
    parts = follow(service, "/freshworks-sso", "state=st-1&nonce=no-1")

    query = parse_qs(parts.query)
    assert set(query) == {"state", "id_token"}
    assert query["state"] == ["st-1"]
    assert decoded("freshworks", query["id_token"][0]) == {
        "sub": "u-17",
        "email": "ada@acme.example",
        "iat": AT - 5,
        "nonce": "no-1",
    }


def test_freshworks_without_a_nonce_is_refused(service: Client) -> None:
    answer = service.simulate_get("/freshworks-sso", query_string="state=st-1", headers=ADA)

    assert (answer.status_code, answer.json["claim"]) == (403, "nonce")


def form_of(page: str) -> tuple[str, dict[str, str]]:
    (action,) = re.findall(r'<form method="post" action="([^"]*)">', page)
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return html.unescape(action), {html.unescape(n): html.unescape(v) for n, v in fields}


ZENDESK = {"name": "Ada Lovelace", "email": "ada@acme.example", "external_id": "u-17"}


@pytest.mark.requirement("R37")
def test_zendesk_gets_its_token_in_a_form(service: Client) -> None:
    answer = service.simulate_get(
        "/zendesk-sso",
        query_string="return_to=https://acme.zendesk.com/hc/en-us",
        headers=ADA,
    )

    action, fields = form_of(answer.text)
    assert answer.status_code == 200
    assert action == "https://acme.zendesk.com/access/jwt"
    assert fields["return_to"] == "https://acme.zendesk.com/hc/en-us"
    claims = decoded("zendesk", fields["jwt"])
    assert len(claims.pop("jti")) == 36
    assert claims == {
        **ZENDESK,
        "iat": AT - 5,
        "organization": "Acme",
        "tags": ["a", "b"],
    }
    policy = answer.headers["content-security-policy"]
    assert "form-action https://acme.zendesk.com;" in policy
    assert "default-src 'none';" in policy
    assert "<button>" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_script_gets_a_form_as_json(service: Client) -> None:
    answer = service.simulate_get("/zendesk-sso", headers={**ADA, "Accept": "application/json"})

    assert answer.json["url"] == "https://acme.zendesk.com/access/jwt"
    assert decoded("zendesk", answer.json["parameters"]["jwt"])["email"] == "ada@acme.example"


def test_prismatic_gets_its_token_as_json(service: Client) -> None:
    answer = service.simulate_get("/prismatic-sso", headers=ADA)

    assert answer.status_code == 200
    assert answer.json["expires_at"] == AT + 600
    assert decoded("prismatic", answer.json["parameters"]["token"]) == {
        "sub": "u-17",
        "organization": "01234567-89ab-cdef-0123-456789abcdef",
        "customer": "o-1",
        "name": "Ada Lovelace",
        "iat": AT - 5,
        "exp": AT + 600,
    }


TABLEAU = "fedcba98-7654-3210-fedc-ba9876543210"
JAAS = "vpaas-magic-cookie-0123456789abcdef"
TO_A_SCRIPT: list[tuple[str, str, dict[str, Any]]] = [
    (
        "zendesk-messaging",
        "jwt",
        {
            "scope": "user",
            "external_id": "u-17",
            "name": "Ada Lovelace",
            "email": "ada@acme.example",
            "email_verified": True,
            "exp": AT + 300,
        },
    ),
    (
        "tableau",
        "token",
        {
            "iss": TABLEAU,
            "sub": "ada@acme.example",
            "aud": "tableau",
            "exp": AT + 300,
            "scp": ["tableau:views:embed", "tableau:metrics:embed"],
        },
    ),
    (
        "bytechef",
        "jwtToken",
        {"sub": "u-17", "iat": AT - 5, "exp": AT + 3600, "name": "Ada Lovelace"},
    ),
    (
        "metabase-sdk",
        "jwt",
        {
            "email": "ada@acme.example",
            "first_name": "Ada",
            "groups": ["a", "b"],
            "exp": AT + 600,
        },
    ),
    (
        "superset",
        "token",
        {
            "user": {"username": "u-17", "first_name": "Ada"},
            "resources": [{"type": "dashboard", "id": "01234567-89ab-cdef-0123-456789abcdef"}],
            "iat": AT - 5,
            "exp": AT + 300,
            "aud": "https://superset.example.com/",
            "type": "guest",
        },
    ),
    (
        "intercom",
        "intercom_user_jwt",
        {"user_id": "u-17", "email": "ada@acme.example", "exp": AT + 300},
    ),
]


@pytest.mark.parametrize(("name", "member", "expected"), TO_A_SCRIPT, ids=str)
def test_a_script_of_the_vendor_gets_its_token(
    service: Client, name: str, member: str, expected: dict[str, Any]
) -> None:
    answer = service.simulate_get(f"/{name}-sso", headers=ADA)

    claims = decoded(name, answer.json[member])
    claims.pop("jti", None)
    assert claims == expected


def test_sigma_gets_its_token_in_a_parameter_with_a_colon(service: Client) -> None:
    parts = follow(service, "/sigma-sso")

    name, _, token = parts.query.partition("=")
    claims = decoded("sigma", token)
    assert name == ":jwt"
    assert len(claims.pop("jti")) == 36
    assert claims == {
        "iss": "0123456789abcdef",
        "sub": "ada@acme.example",
        "ver": "1.1",
        "aud": "sigmacomputing",
        "iat": AT - 5,
        "exp": AT + 300,
        "account_type": "view",
        "teams": ["a", "b"],
    }


def test_jaas_gets_its_token_with_a_key_that_it_named(service: Client) -> None:
    parts = follow(service, "/jaas-sso")

    assert parts.path == f"/{JAAS}/room"
    assert decoded("jaas", parse_qs(parts.query)["jwt"][0]) == {
        "aud": "jitsi",
        "iss": "chat",
        "sub": JAAS,
        "room": "*",
        "nbf": AT - 5,
        "exp": AT + 600,
        "context": {
            "user": {
                "id": "u-17",
                "name": "Ada Lovelace",
                "email": "ada@acme.example",
                "moderator": "false",
            },
            "features": {"recording": "false"},
        },
    }


def test_n8n_gets_a_token_of_less_than_a_minute_in_a_form(service: Client) -> None:
    action, fields = form_of(service.simulate_get("/n8n-sso", headers=ADA).text)

    claims = decoded("n8n", fields["token"])
    assert action == "https://n8n.example.com/rest/auth/embed"
    assert claims["exp"] - claims["iat"] <= 60
    assert len(claims["jti"]) == 36


def test_lightdash_gets_its_token_in_the_fragment(service: Client) -> None:
    claims = decoded("lightdash", follow(service, "/lightdash-sso").fragment)

    assert claims["user"] == {"externalId": "u-17", "email": "ada@acme.example"}
    assert claims["userAttributes"] == {"organisation": "o-1"}


def test_paragon_gets_its_token_as_json(service: Client) -> None:
    answer = service.simulate_get("/paragon-sso", headers=ADA)

    assert decoded("paragon", answer.json["parameters"]["token"]) == {
        "sub": "u-17",
        "aud": "useparagon.com/01234567-89ab-cdef-0123-456789abcdef",
        "iat": AT - 5,
        "exp": AT + 3600,
    }


def test_vendors_find_the_public_keys(service: Client) -> None:
    answer = service.simulate_get("/.well-known/jwks.json")

    keys = answer.json["keys"]
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert {key["kty"] for key in keys} == {"RSA", "EC"}
    assert len({key["kid"] for key in keys}) == len(keys) == 9
    assert all(not {"d", "p", "q", "k"} & set(key) for key in keys)
    token = parse_qs(follow(service, "/workato-sso").query)["workato_dl_token"][0]
    kid = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
    (published,) = [key for key in keys if key["kid"] == kid]
    assert vendors_library.decode(token, import_key(published), algorithms=["RS256"])


def test_without_asymmetric_keys_no_key_set_is_published(client: MakeClient) -> None:
    assert client().simulate_get("/.well-known/jwks.json").status_code == 404


def test_the_old_key_stays_published_while_the_new_one_signs(
    client: MakeClient, rows: Rows
) -> None:
    old, new = (pem(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
    row = rows(SHORT + 'algorithm = "ES256"\nclaims = { sub = "{subject}" }\n')

    before = client(KONG, row, DESTINATION_X_KEY=old)
    token = parse_qs(urlsplit(before.simulate_get("/x-sso", headers=ADA).headers["location"]).query)
    after = client(KONG, row, DESTINATION_X_KEY=new, DESTINATION_X_PREVIOUS_KEY=old)

    keys = after.simulate_get("/.well-known/jwks.json").json["keys"]
    kid = json.loads(base64.urlsafe_b64decode(token["jwt"][0].split(".")[0] + "=="))["kid"]
    assert len(keys) == 2
    assert kid == keys[1]["kid"]
    assert vendors_library.decode(token["jwt"][0], import_key(keys[1]), algorithms=["ES256"])


@pytest.mark.requirement("R35")
def test_a_row_does_not_share_the_secret_of_a_vendor(load: Load, rows: Rows) -> None:
    found = problems(
        load, PROXY, PANDIUM, rows(SHORT), DESTINATION_X_KEY=PANDIUM["PANDIUM_SHARED_SECRET"]
    )

    assert found == {
        "PANDIUM_SHARED_SECRET": "is the same secret as DESTINATION_X_KEY; set a different one"
    }


def test_a_vendor_may_choose_a_short_key(client: MakeClient, rows: Rows) -> None:
    row = rows(SHORT + "allow_short_key = true\nclaims = { sub = '{subject}' }\n")

    assert (
        client(KONG, row, DESTINATION_X_KEY="of-the-vendor")
        .simulate_get("/x-sso", headers=ADA)
        .headers["location"]
    )


@pytest.mark.requirement("R29", "R30")
def test_no_way_back_leaves_its_host(service: Client) -> None:
    tried = 0
    for case in corpus.read("open_redirects.txt"):
        for path, name in (
            ("/helpscout-sso", "returnTo"),
            ("/readme-sso", "redirect"),
            ("/workato-sso", "workato_dl_path"),
            ("/canny-sso", "redirect"),
            ("/zendesk-sso", "return_to"),
        ):
            tried += 1
            query = f"{name}={case.quoted}"
            answer = service.simulate_get(path, query_string=query, headers=ADA)
            assert answer.status_code in {200, 307, 400}
            if answer.status_code != 307:
                continue
            (target,) = parse_qs(urlsplit(answer.headers["location"]).query)[name]
            for base in ("https://docs.example.com/a/b", "https://docs.example.com"):
                assert ada_url.URL(target, base=base).origin == "https://docs.example.com"
                assert urlsplit(urljoin(base, target)).netloc == "docs.example.com"
    assert tried > 1000


@pytest.mark.parametrize(
    "target",
    ["/", "/a", "/a/b.html", "/a?b=c&d=%20e", "/a/%C3%BC", "/a/...", "/.well-known/x", "/~a"],
)
def test_a_relative_path_is_passed_on(service: Client, target: str) -> None:
    answer = service.simulate_get("/helpscout-sso", params={"returnTo": target}, headers=ADA)

    assert answer.status_code == 307
    assert parse_qs(urlsplit(answer.headers["location"]).query)["returnTo"] == [target]
