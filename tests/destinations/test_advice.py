import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from app.destinations.advice import advice
from tests.destinations.sample_rows import Rows, pem
from tests.in_process import Load
from tests.samples import PANDIUM, PROXY


def row(name: str, algorithm: str, claims: str) -> str:
    return (
        f"[{name}]\naddress = 'https://{name}.example/'\nparameter = 'jwt'\n"
        f"algorithm = '{algorithm}'\nclaims = {{ sub = '{{subject}}'{claims} }}\n"
    )


def test_vendors_whose_tokens_could_be_mistaken_are_told(load: Load, rows: Rows) -> None:
    text = (
        row("a", "RS256", ", aud = 'a'")
        + row("b", "RS512", "")
        + row("c", "ES256", "")
        + row("d", "HS256", "")
    )
    keys = {
        "DESTINATION_A_KEY": pem(rsa.generate_private_key(65537, 2048)),
        "DESTINATION_B_KEY": pem(rsa.generate_private_key(65537, 2048)),
        "DESTINATION_C_KEY": pem(ec.generate_private_key(ec.SECP256R1())),
        "DESTINATION_D_KEY": "of-d-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    }

    found = advice(load(PROXY, PANDIUM, rows(text), keys).destinations)

    (line,) = found
    assert line == (
        "destination b: its tokens have no aud, and a signs with RS…, too: "
        "add aud, or give the vendor the key set of its own row"
    )


def test_placeholders_of_another_language_are_told(load: Load, rows: Rows) -> None:
    claims = ", a = '{{email}}', b = { c = ['${name}', '{email}'] }, d = '{{x}} $ {{}}', e = 1"
    key = {"DESTINATION_A_KEY": "of-a-0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
    page = "[a.pages.more]\naddress = 'https://a.example/x'\npath = 'x'\n"

    found = advice(load(PROXY, PANDIUM, rows(row("a", "HS256", claims) + page), key).destinations)

    assert found == [
        "destination a: a has the text {email}; write one pair of braces for the value",
        "destination a: b.c.0 has a dollar sign before a value; write {…} without it",
    ]


@pytest.mark.parametrize(
    ("more", "is_told"),
    [
        ("", True),
        ("lifetime_seconds = 60\nclaims = { iat = '{now}', exp = '{expires_at}', id = 'x' }", True),
        ("claims = { jti = '{token_id}', role = 'admin' }", True),
        ("parameters = { n = {} }\nclaims = { nonce = '{parameter.n}' }", True),
        ("claims = { id = '{subject}' }", False),
        ("claims = { user = { mail = '{email}' } }", False),
        ("claims = { plan = '{map.plan}' }", False),
        ("required = ['no']\nclaims = { no = '{claims.number}' }", False),
        ("[a.exchange]\nurl = 'https://a.example/'\njson = { k = '{key}' }\ntoken = 't'", False),
    ],
)
def test_a_row_whose_tokens_name_nobody_is_told(
    load: Load, rows: Rows, more: str, is_told: bool
) -> None:
    text = f"[a]\naddress = 'https://a.example/'\nparameter = 'jwt'\n{more}\n"
    key = {"DESTINATION_A_KEY": "of-a-0f1e2d3c4b5a69788796a5b4c3d2e1f0"}
    maps = {"SSO_CLAIM_MAPS": '{"plan": {"from": "{groups}", "values": {"g": "x"}}}'}

    found = advice(load(PROXY, rows(text), key, maps).destinations)

    told = "destination a: its tokens are the same for everybody; put {subject} or {email} into "
    assert [line for line in found if line.startswith(told)] == found
    assert bool(found) == is_told
