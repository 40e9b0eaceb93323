"""What vendors ask for beside the claims: headers, names, answers, key sets."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt as vendors_library
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry

from tests.destinations.sample_rows import KEY, SHORT, Rows, pem, secret
from tests.in_process import Client, Load, MakeClient, problems, token_of
from tests.samples import ADA, NOW, PROXY

ROW = "[x]\naddress = 'https://x.example/sso'\n"
CLAIMS = "claims = { sub = '{subject}', iat = '{issued_at}' }\n"


def header_of(token: str) -> dict[str, Any]:
    text = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return header


def location(service: Client, path: str = "/x-sso") -> str:
    answer = service.simulate_get(path, headers=ADA)
    assert answer.status_code == 307, answer.text
    return str(answer.headers["location"])


def test_a_token_has_the_header_of_its_vendor(client: MakeClient, rows: Rows) -> None:
    header = "header = { kid = 'app_123', iss = 'client-9', typ = 'at+jwt' }\n"

    token = token_of(location(client(PROXY, rows(SHORT + header + CLAIMS), KEY)), "jwt")

    assert header_of(token) == {
        "alg": "HS256",
        "kid": "app_123",
        "iss": "client-9",
        "typ": "at+jwt",
    }
    key = import_key(KEY["DESTINATION_X_KEY"], "oct")
    lax = JWSRegistry(algorithms=["HS256"], strict_check_header=False)
    assert vendors_library.decode(token, key, registry=lax).claims["sub"] == "u-17"


@pytest.mark.requirement("R66", "R7")
@pytest.mark.parametrize(
    "name", ["alg", "jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "ALG", "Jku"]
)
def test_a_header_that_decides_how_a_token_is_read_is_a_problem(
    load: Load, rows: Rows, name: str
) -> None:
    found = problems(load, PROXY, rows(f"{SHORT}header = {{ {name} = 'x' }}"), KEY)

    assert f"sets {name}" in found["rows.toml [x] header"]


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    "member", ["kid = 1", "kid = ''", 'kid = "a\\nb"', "'a b' = 'x'", "x = {}"]
)
def test_a_header_has_names_with_text(load: Load, rows: Rows, member: str) -> None:
    found = problems(load, PROXY, rows(f"{SHORT}header = {{ {member} }}"), KEY)

    assert all(name.startswith("rows.toml [x] header") for name in found)


@pytest.mark.parametrize("name", [":jwt", "a:b", "$x", "x(1)", "a@b", "!", "*x"])
def test_a_parameter_is_written_as_its_vendor_writes_it(
    client: MakeClient, rows: Rows, name: str
) -> None:
    row = f"{ROW}parameter = '{name}'\n{CLAIMS}"

    query = urlsplit(location(client(PROXY, rows(row), KEY))).query

    assert query.startswith(f"{name}=ey")


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    "name", ["a&b", "a=b", "a#b", "a b", "a;b", "a+b", "a%b", "a/b", "a?b", ""]
)
def test_a_parameter_that_ends_a_name_is_a_problem(load: Load, rows: Rows, name: str) -> None:
    assert "rows.toml [x] parameter" in problems(
        load, PROXY, rows(f"{ROW}parameter = '{name}'\n"), KEY
    )


def test_a_script_gets_the_answer_that_its_vendor_wants(client: MakeClient, rows: Rows) -> None:
    row = (
        f"{ROW}delivery = 'json'\nlifetime_seconds = 60\n"
        "answer = { jwt = '{token}', at = '{url}', expires = { at = '{expires_at}' }, v = 1 }\n"
        "claims = { sub = '{subject}', exp = '{expires_at}' }\n"
    )

    answer = client(PROXY, rows(row), KEY).simulate_get("/x-sso", headers=ADA)

    token = answer.json.pop("jwt")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    found = {key: value for key, value in answer.json.items() if key != "jwt"}
    assert found == {
        "at": "https://x.example/sso",
        "expires": {"at": int(NOW) + 60},
        "v": 1,
    }
    assert header_of(token or answer.json["jwt"])["alg"] == "HS256"


@pytest.mark.requirement("R37")
def test_a_form_may_lead_on_to_origins_that_are_named(client: MakeClient, rows: Rows) -> None:
    row = f"{SHORT}delivery = 'form'\nform_targets = ['https://app.x.example']\n{CLAIMS}"

    policy = client(PROXY, rows(row), KEY).simulate_get("/x-sso", headers=ADA).headers

    assert (
        "form-action https://x.example https://app.x.example;"
        in (policy["content-security-policy"])
    )


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ("answer = { jwt = '{token}' }", "answer", 'delivery = "json" only'),
        ("delivery = 'json'\nanswer = { a = 'x' }", "answer", "does not have {token}"),
        ("delivery = 'json'\nanswer = { a = '{token}' }", "parameter", "set exactly one"),
        ("delivery = 'json'\nanswer = { a = '{tokn}{token}' }", "answer", "did you mean {token}?"),
        ("delivery = 'json'\nanswer = { a = '{token}{key}' }", "answer", "provides {key}"),
        ("delivery = 'json'\nanswer = { a = '{token}', b = nan }", "answer.b", "not a finite"),
        ("form_targets = ['https://a.example']", "form_targets", 'delivery = "form" only'),
        ("delivery = 'form'\nform_targets = ['*']", "form_targets.0", "is not an exact origin"),
        ("delivery = 'form'\nform_targets = ['http://a.example']", "form_targets.0", "plain http"),
        ("claims = { k = '{key}' }", "claims", "nothing provides {key}"),
        ("claims = { k = '{assertion}' }", "claims", "nothing provides {assertion}"),
    ],
)
def test_a_contract_that_does_not_hold_is_a_problem(
    load: Load, rows: Rows, more: str, key: str, words: str
) -> None:
    assert words in problems(load, PROXY, rows(f"{SHORT}{more}\n"), KEY)[f"rows.toml [x] {key}"]


@pytest.mark.parametrize("where", ["row", "variable", "both"])
def test_a_key_is_decoded_as_it_is_written(client: MakeClient, rows: Rows, where: str) -> None:
    key = bytes(range(40, 80))
    row = SHORT + CLAIMS
    variables = {"DESTINATION_X_KEY": base64.b64encode(key).decode()}
    if where == "variable":
        variables["DESTINATION_X_KEY_ENCODING"] = "base64"
    else:
        row += f"key_encoding = '{'base64' if where == 'row' else 'hex'}'\n"
    if where == "both":
        variables["DESTINATION_X_KEY_ENCODING"] = "base64"

    token = token_of(location(client(PROXY, rows(row), variables)), "jwt")

    assert vendors_library.decode(token, import_key(key, "oct"), algorithms=["HS256"])


def test_a_key_in_another_encoding_is_a_problem(load: Load, rows: Rows) -> None:
    found = problems(load, PROXY, rows(SHORT), KEY, DESTINATION_X_KEY_ENCODING="hex")

    assert found == {"DESTINATION_X_KEY": "is not hex, the encoding that is set"}


TWO = """
[a]
address = "https://a.example/"
parameter = "jwt"
algorithm = "ES256"
header = { kid = "given/by-the-vendor" }
claims = { sub = "{subject}", aud = "a" }
[b]
address = "https://b.example/"
parameter = "jwt"
algorithm = "ES256"
claims = { sub = "{subject}", aud = "b" }
"""


def test_each_row_has_a_key_set_of_its_own(client: MakeClient, rows: Rows) -> None:
    keys = {
        f"DESTINATION_{name}_KEY": pem(ec.generate_private_key(ec.SECP256R1())) for name in "AB"
    }
    service = client(PROXY, rows(TWO), keys)

    sets = {
        path: service.simulate_get(path).json["keys"]
        for path in ("/a-sso/jwks.json", "/b-sso/jwks.json", "/.well-known/jwks.json")
    }
    assert [len(each) for each in sets.values()] == [1, 1, 2]
    token = token_of(location(service, "/a-sso"), "jwt")
    assert header_of(token)["kid"] == sets["/a-sso/jwks.json"][0]["kid"] == "given/by-the-vendor"
    (key,) = sets["/a-sso/jwks.json"]
    assert vendors_library.decode(token, import_key(key), algorithms=["ES256"])
    assert key not in sets["/b-sso/jwks.json"]


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("path", ["/a-sso/jwks.json", "/.well-known/jwks.json"])
def test_a_key_set_may_be_kept_for_five_minutes(client: MakeClient, rows: Rows, path: str) -> None:
    keys = {
        f"DESTINATION_{name}_KEY": pem(ec.generate_private_key(ec.SECP256R1())) for name in "AB"
    }
    service = client(PROXY, rows(TWO), keys)

    got, head = service.simulate_get(path), service.simulate_head(path)

    assert got.headers["cache-control"] == "public, max-age=300"
    assert head.status_code == 200
    assert head.text == ""
    assert head.headers["content-type"] == "application/jwk-set+json"
    assert service.simulate_post(path).status_code == 405


def test_a_row_with_a_secret_publishes_nothing(client: MakeClient, rows: Rows) -> None:
    assert client(PROXY, rows(SHORT), KEY).simulate_get("/x-sso/jwks.json").status_code == 404


def test_the_next_key_is_published_before_it_signs(client: MakeClient, rows: Rows) -> None:
    now, later = (pem(ec.generate_private_key(ec.SECP256R1())) for _ in range(2))
    row = rows(f"{SHORT}algorithm = 'ES256'\n{CLAIMS}")

    before = client(PROXY, row, DESTINATION_X_KEY=now, DESTINATION_X_NEXT_KEY=later)
    published = {key["kid"] for key in before.simulate_get("/x-sso/jwks.json").json["keys"]}
    signed_now = header_of(token_of(location(before), "jwt"))["kid"]
    after = client(PROXY, row, DESTINATION_X_KEY=later, DESTINATION_X_PREVIOUS_KEY=now)

    signed_later = header_of(token_of(location(after), "jwt"))["kid"]
    assert published == {signed_now, signed_later}


@pytest.mark.requirement("R35")
def test_the_next_key_is_nobody_elses(load: Load, rows: Rows) -> None:
    found = problems(load, PROXY, rows(SHORT), KEY, DESTINATION_X_NEXT_KEY=secret("x"))

    assert "is the same secret as" in found["DESTINATION_X_NEXT_KEY"]
