"""The signed token of an AWS Application Load Balancer."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, field_validator

from app.authenticators.credentials import header_value
from app.authenticators.jwt.assertion import Assertion
from app.authenticators.jwt.key_server import KeyServer
from app.authenticators.jwt.keys_by_id import KeyDocuments, most_fetches
from app.authenticators.jwt.rules import Rules
from app.authenticators.jwt.variables import ReadingVariables
from app.errors import Cause
from app.settings.variables import HeaderName, HttpsAddress
from app.tokens.jws import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.authenticators.contract import AuthenticatorContext
    from app.tokens.jws import UnverifiedToken

_SIGNER = re.compile(
    r"arn:(aws|aws-us-gov):elasticloadbalancing:([a-z0-9-]{1,32}):\d{12}"
    r":loadbalancer/app/[A-Za-z0-9-]{1,32}/[0-9a-f]{1,32}"
)
_REGION_KEYS = {
    "aws": "https://public-keys.auth.elb.{region}.amazonaws.com",
    "aws-us-gov": "https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}",
}
"""AWS, "Authenticate users using an Application Load Balancer"."""


class AwsAlbVariables(ReadingVariables):
    """These tokens have no audience: without the signer, anyone's load balancer would pass."""

    header: HeaderName = Field("x-amzn-oidc-data", description="the header that has the token")
    # AWS, "Access logs for your Application Load Balancer": 11K bytes of claims, here in base64
    max_token_bytes: int = Field(
        16384, ge=256, le=32768, description="a longer token is refused before it is decoded"
    )
    signer: str = Field(description="required: the load balancer's ARN")
    client_id: str = Field(min_length=1, description="required: the client at the provider")
    issuer: str = Field(min_length=1, description="required: the provider's `iss`")
    keys_url: HttpsAddress | None = Field(
        None, description="where the keys are; by default at the address of the ARN's region"
    )

    @field_validator("signer")
    @classmethod
    def _check_signer(cls, signer: str) -> str:
        if not _SIGNER.fullmatch(signer):
            raise ValueError(
                "is not the ARN of an Application Load Balancer: "
                "arn:aws:elasticloadbalancing:<region>:<account>:loadbalancer/app/<name>/<id>"
            )
        return signer


VARIABLES: Final = AwsAlbVariables


def from_settings(context: AuthenticatorContext) -> Assertion:
    """Build the engine from its variables."""
    variables = context.read(AwsAlbVariables)
    return Assertion(
        take=partial(header_value, name=variables.header.encode()),
        rules=Rules(
            algorithms=frozenset({"ES256"}),
            issuers=frozenset({variables.issuer}),
            audiences=None,
            leeway_seconds=variables.leeway_seconds,
            prefix=context.prefix,
        ),
        keys=_keys(variables),
        identity_from=partial(variables.identity_from, issuer=variables.issuer),
        max_token_bytes=variables.max_token_bytes,
        claims_of=partial(_claims, variables),
        padded=True,
        own_keys=context.own_keys,
        sources=variables.sources,
        now=context.now,
    )


def _keys(variables: AwsAlbVariables) -> KeyDocuments:
    timeout_seconds, most = variables.http_timeout_seconds, most_fetches()
    server = KeyServer(timeout_seconds=timeout_seconds, connections=most)
    return KeyDocuments(server, keys_address(variables), most_fetches=most)


def keys_address(variables: AwsAlbVariables) -> str:
    """Return the address of the keys, which depends on the configured ARN and never on a token."""
    _, partition, _, region, *_ = variables.signer.split(":")
    return (variables.keys_url or _REGION_KEYS[partition].format(region=region)).rstrip("/")


def _claims(variables: AwsAlbVariables, token: UnverifiedToken) -> Mapping[str, Any]:
    """Return the provider's claims; the load balancer's own are in the header (ALBeast)."""
    header = token.header
    if header.get("signer") != variables.signer:
        raise InvalidToken(
            "it is signed by another load balancer than SIGNER says", cause=Cause.WRONG_ISSUER
        )
    if header.get("client") != variables.client_id:
        raise InvalidToken(
            "it is for another client than CLIENT_ID says", cause=Cause.WRONG_AUDIENCE
        )
    return {**token.claims, "iss": header.get("iss"), "exp": header.get("exp")}
