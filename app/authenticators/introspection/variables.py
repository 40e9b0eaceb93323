"""The variables of the engine `introspection`."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.authenticators.claim_names import ClaimNames
from app.authenticators.headers.identity_headers import IdentityHeaders
from app.settings.addresses import checked
from app.settings.variables import HeaderNames, Names

AUTHORIZATION: Final = "authorization"

_COOKIE_NAME: Final = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")
"""RFC 6265, section 4.1.1, without the `*` that somebody may mean as a wildcard."""

_OURS: Final = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "cookie"}
    | {"expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that the question has of its own."""


class IntrospectionVariables(ClaimNames, IdentityHeaders):
    """Asking the host application. A problem is told on the variable that is last."""

    mode: Literal["me", "forward-auth", "rfc7662"] = Field(
        "me", description="what is asked: the user's profile, a login's check, a token's server"
    )
    allow_http: bool = Field(
        default=False, description="ask other machines over plain http too, in a network of yours"
    )
    url: str = Field("", description="required: the address that is asked")
    forward_headers: HeaderNames = Field(
        (), description="headers that go with them; for rfc7662 only `Authorization`, instead"
    )
    forward_cookies: Names = Field(
        (), description="required: names of the session's cookies; no other goes to the host"
    )
    client_id: str | None = Field(None, description="for rfc7662: who we are to the token's server")
    client_secret: SecretStr | None = Field(None, description="and the secret for it")
    timeout_seconds: float = Field(3, gt=0, le=30, description="for the host's whole answer")
    cache_seconds: float = Field(
        0, ge=0, le=300, description="how long an answer is believed; 0 asks each time"
    )
    cache_size: int = Field(1000, ge=1, le=100_000, description="how many answers are kept")

    @field_validator("url")
    @classmethod
    def _it_is_an_address(cls, address: str, info: ValidationInfo) -> str:
        if not address:
            raise ValueError("is required: the address to ask, like https://app.example.com/api/me")
        try:
            return checked(address, http_allowed=info.data.get("allow_http", False))
        except ValueError as error:
            hint = "; or set ALLOW_HTTP=true" if "plain http" in str(error) else ""
            raise ValueError(f"{error}{hint}") from None

    @field_validator("forward_headers")
    @classmethod
    def _they_are_the_visitors(cls, headers: tuple[str, ...], info: ValidationInfo) -> Any:  # noqa: ANN401 - as it came
        if ours := _OURS.intersection(headers):
            raise ValueError(f"has {min(ours)!r}, which is not the visitor's to say")
        if info.data.get("mode") == "rfc7662" and headers not in {(), (AUTHORIZATION,)}:
            raise ValueError("can only be Authorization with MODE=rfc7662: a token, and no more")
        return headers

    @field_validator("forward_cookies")
    @classmethod
    def _they_are_named(cls, cookies: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for name in cookies:
            if not _COOKIE_NAME.fullmatch(name):
                raise ValueError(f"has {name!r}, which is no cookie's name: write each name out")
        if info.data.get("mode") != "rfc7662":
            if not cookies:
                raise ValueError("is required: the names of the host's session cookies")
        elif len(cookies) + len(info.data.get("forward_headers", ())) != 1:
            raise ValueError(
                "or FORWARD_HEADERS=Authorization has the token: set one, and only one"
            )
        return cookies

    @field_validator("client_secret")
    @classmethod
    def _they_are_for_a_tokens_server(cls, secret: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - as it came
        given = {secret is not None, info.data.get("client_id") is not None}
        if given != {info.data.get("mode") == "rfc7662"} and "mode" in info.data:
            raise ValueError("and CLIENT_ID are required with MODE=rfc7662, and for nothing else")
        return secret
