from typing import Any

import pytest

from app.authenticators.jwt import aws_alb
from app.authenticators.jwt.assertion import Assertion
from app.authenticators.jwt.aws_alb import AwsAlbVariables, keys_address
from app.authenticators.jwt.keys import FixedKeys
from app.errors import InvalidCredential
from app.testing import IssuerKey, context_for, make_request
from app.tokens.jwks import pem_key

NOW = 1_800_000_000
ARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/sso/50dc6c495c0c9188"
KEY_ID = "b5f1d0ba-7a3c-4a53-a8d6-8c7c2f5d8a11"
KEY = IssuerKey("ES256", KEY_ID)
HEADER: dict[str, Any] = {
    "signer": ARN,
    "client": "client",
    "iss": "https://login.example",
    "exp": NOW + 120,
}
CLAIMS = {"sub": "u-17", "email": "ada@acme.example", "username": "ada"}
VARIABLES = {"signer": ARN, "client_id": "client", "issuer": "https://login.example"}


def engine(**variables: Any) -> Assertion:
    made = aws_alb.from_settings(context_for("alb", now=lambda: NOW, **{**VARIABLES, **variables}))
    made.keys = FixedKeys(pem_key(KEY.pem()))
    return made


async def reason(token: str) -> str:
    with pytest.raises(InvalidCredential) as refused:
        await engine()(make_request([("X-Amzn-Oidc-Data", token)]))
    return str(refused.value)


def token(claims: dict[str, Any] | None = None, key: IssuerKey = KEY, **header: Any) -> str:
    members = {**HEADER, **header}
    kept = {name: value for name, value in members.items() if value is not ...}
    return key.sign({**CLAIMS, **(claims or {})}, kept, padded=True)


async def test_a_load_balancers_user_signs_on() -> None:
    signed = token()

    identity = await engine()(make_request([("X-Amzn-Oidc-Data", signed)]))

    assert identity is not None
    assert signed.endswith("==")
    assert (identity.subject, identity.issuer) == ("u-17", "https://login.example")
    assert identity.expires_at == NOW + 120


async def test_all_the_claims_that_a_load_balancer_accepts_fit() -> None:
    groups = [f"{number:08}-b793-4a36-a5fc-136c18d8aa8f" for number in range(280)]
    signed = token({"groups": groups})

    identity = await engine()(make_request([("X-Amzn-Oidc-Data", signed)]))

    assert 14_000 < len(signed) < 15_500
    assert identity is not None
    assert len(identity.groups) == 280


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("extra", ["", "a", "aa", "aaa"])  # lengths with 0, 1 and 2 of "="
async def test_the_signature_covers_the_padding(extra: str) -> None:
    signed = token({"x": extra})
    header, claims, signature = signed.split(".")
    bare = ".".join((header.rstrip("="), claims.rstrip("="), signature))

    assert await engine().identify(signed.encode())
    if bare != signed:
        assert "signature" in await reason(bare)


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("mark", ["=", "==", "===", "====", "\n", " ", ".", "a", "é", "+", "/"])
@pytest.mark.parametrize("part", [0, 1, 2])
async def test_padding_is_what_it_has_to_be(part: int, mark: str) -> None:
    parts = token().split(".")
    parts[part] += mark

    assert await reason(".".join(parts))


async def test_a_token_without_padding_is_signed_as_it_is() -> None:
    assert await engine().identify(KEY.sign(CLAIMS, HEADER).encode())


@pytest.mark.requirement("R15")
@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"signer": ...}, "another load balancer"),
        ({"signer": ""}, "another load balancer"),
        ({"signer": None}, "another load balancer"),
        ({"signer": [ARN]}, "another load balancer"),
        ({"signer": ARN.upper()}, "another load balancer"),
        ({"signer": f"{ARN} "}, "another load balancer"),
        ({"signer": ARN.replace("123456789012", "999999999999")}, "another load balancer"),
        ({"signer": ARN.replace("eu-central-1", "us-east-1")}, "another load balancer"),
        ({"client": ...}, "another client"),
        ({"client": "other"}, "another client"),
        ({"client": ["client"]}, "another client"),
        ({"iss": ...}, "another issuer"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"iss": ["https://login.example"]}, "another issuer"),
        ({"exp": ...}, "exp is not a number"),
        ({"exp": str(NOW + 120)}, "exp is not a number"),
        ({"exp": NOW - 30}, "expired"),
        ({"alg": "none"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"alg": "RS256"}, "algorithm"),
        ({"zip": "DEF"}, "of its own"),
        ({"typ": "at+jwt"}, "another type"),
    ],
)
async def test_what_anybody_elses_load_balancer_signs_is_refused(
    header: dict[str, Any], words: str
) -> None:
    assert words in await reason(token(**header))


@pytest.mark.requirement("R15")
async def test_the_claims_cannot_stand_in_for_the_header() -> None:
    claims = {"signer": ARN, "client": "client", "iss": "https://login.example", "exp": NOW + 9999}

    assert "another load balancer" in await reason(token(claims, signer=...))
    assert "another issuer" in await reason(token(claims, iss="https://evil.example"))
    assert "expired" in await reason(token(claims, exp=NOW - 30))


@pytest.mark.parametrize("claims", [{"sub": ""}, {"sub": "a\0b"}, {"email": "a@b@c"}])
async def test_a_user_who_cannot_be_one_is_refused(claims: dict[str, str]) -> None:
    assert await reason(token(claims))


async def test_another_key_signs_nobody_on() -> None:
    assert "signature" in await reason(token(key=IssuerKey("ES256", KEY_ID)))


async def test_without_the_header_nobody_asks() -> None:
    plain = [("X-Amzn-Oidc-Identity", "u-17"), ("X-Amzn-Oidc-Accesstoken", token())]

    assert await engine()(make_request(plain)) is None


@pytest.mark.requirement("R15", "R16")
@pytest.mark.parametrize(
    ("signer", "address"),
    [
        (ARN, "https://public-keys.auth.elb.eu-central-1.amazonaws.com"),
        (
            ARN.replace("arn:aws:", "arn:aws-us-gov:").replace("eu-central-1", "us-gov-west-1"),
            "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1",
        ),
    ],
)
def test_the_region_of_the_configured_arn_has_the_keys(signer: str, address: str) -> None:
    given: dict[str, Any] = {**VARIABLES, "signer": signer}
    variables = context_for("alb", **given).read(AwsAlbVariables)

    assert keys_address(variables) == address
