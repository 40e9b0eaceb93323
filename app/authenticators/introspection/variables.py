"""The variables of the engine `introspection`."""

from __future__ import annotations

import re
from typing import Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from app.authenticators.claim_names import ClaimNames
from app.authenticators.headers.identity_headers import IdentityHeaders
from app.settings.addresses import checked
from app.settings.variables import HeaderNames, Names, WrongVariable

AUTHORIZATION: Final = "authorization"
OFF: Final = "-"
"""Switches the check of an issuer, an audience or a scope off."""

_COOKIE_NAME: Final = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")
"""RFC 6265, section 4.1.1, without `*`, which could be meant as a wildcard."""

_OURS: Final = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "cookie"}
    | {"expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that the service itself sets."""


class IntrospectionVariables(ClaimNames, IdentityHeaders):
    """Asking the host application."""

    mode: Literal["me", "forward-auth", "rfc7662"] = Field(
        "me", description="what is asked: the user's profile, a login's check, a token server"
    )
    allow_http: bool = Field(
        default=False, description="allow plain http to other machines, inside your own network"
    )
    url: str = Field("", description="required: the address that is asked")
    forward_headers: HeaderNames = Field(
        (),
        description="further headers to send; for rfc7662 only `Authorization`, not a cookie",
    )
    forward_cookies: Names = Field(
        (), description="required: names of the session cookies; no other cookie is sent"
    )
    client_id: str | None = Field(
        None, description="for rfc7662: the service's client id at the token server"
    )
    client_secret: SecretStr | None = Field(None, description="for rfc7662: its secret")
    client_auth: Literal["basic", "basic-raw", "post"] = Field(
        "basic",
        description="for rfc7662: how both are sent: Basic (RFC 6749), Basic without its form "
        "encoding, or in the form",
    )
    issuer: Names = Field(
        (), description="for rfc7662, required: `iss` is one of these; `-` does not check it"
    )
    audience: Names = Field(
        (), description="for rfc7662, required: `aud` has one of these; `-` does not check it"
    )
    scope: Names = Field(
        (), description="for rfc7662: `scope` has all of these; `-` does not check it"
    )
    timeout_seconds: float = Field(3, gt=0, le=30, description="for the host's whole answer")
    cache_seconds: float = Field(
        0, ge=0, le=300, description="how long an answer is remembered; 0 asks each time"
    )
    cache_size: int = Field(1000, ge=1, le=100_000, description="how many answers are remembered")

    @field_validator("url")
    @classmethod
    def _check_url(cls, address: str) -> str:
        if not address:
            raise ValueError("is required: the address to ask, like https://app.example.com/api/me")
        return checked(address, http_allowed=True)

    @field_validator("forward_headers")
    @classmethod
    def _check_forward_headers(cls, headers: tuple[str, ...]) -> tuple[str, ...]:
        if ours := _OURS.intersection(headers):
            raise ValueError(f"has {min(ours)!r}, which the service sets itself; remove it")
        return headers

    @field_validator("forward_cookies")
    @classmethod
    def _check_forward_cookies(cls, cookies: tuple[str, ...]) -> tuple[str, ...]:
        for name in cookies:
            if not _COOKIE_NAME.fullmatch(name):
                raise ValueError(f"has {name!r}, which is not a cookie name; write each name out")
        return cookies

    @model_validator(mode="after")
    def _check_http_is_allowed(self) -> Self:
        try:
            checked(self.url, http_allowed=self.allow_http)
        except ValueError as error:
            raise WrongVariable("url", f"{error}; or set ALLOW_HTTP=true") from None
        return self

    @model_validator(mode="after")
    def _check_credential_to_forward(self) -> Self:
        if self.mode != "rfc7662":
            if not self.forward_cookies:
                wrong = "is required: the names of the host's session cookies"
                raise WrongVariable("forward_cookies", wrong)
            return self
        if self.forward_headers not in {(), (AUTHORIZATION,)}:
            wrong = "can only be Authorization with MODE=rfc7662, which asks about one token"
            raise WrongVariable("forward_headers", wrong)
        if len(self.forward_cookies) + len(self.forward_headers) != 1:
            wrong = (
                "or FORWARD_HEADERS=Authorization has the token with MODE=rfc7662; "
                "set one cookie or that header, but not both"
            )
            raise WrongVariable("forward_cookies", wrong)
        return self

    @model_validator(mode="after")
    def _check_client(self) -> Self:
        given = {self.client_secret is not None, self.client_id is not None}
        if given != {self.mode == "rfc7662"}:
            wrong = "and CLIENT_ID are required with MODE=rfc7662, and must not be set otherwise"
            raise WrongVariable("client_secret", wrong)
        return self

    @model_validator(mode="after")
    def _check_what_the_answer_says(self) -> Self:
        for name in ("issuer", "audience", "scope"):
            names: tuple[str, ...] = getattr(self, name)
            if names and self.mode != "rfc7662":
                raise WrongVariable(name, "is for MODE=rfc7662 only; remove it")
            if OFF in names and names != (OFF,):
                raise WrongVariable(
                    name, "switches the check off with -, and then has nothing else"
                )
            if not names and self.mode == "rfc7662" and name != "scope":
                wrong = "is required: a token for somebody else must not pass for one of ours; "
                raise WrongVariable(name, f"{wrong}- does not check it")
        return self
