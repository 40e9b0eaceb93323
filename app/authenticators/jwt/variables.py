"""The variables of the engine `jwt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from app.authenticators.claim_names import ClaimNames
from app.authenticators.jwt.own_choice import KEY_SOURCES
from app.settings.addresses import checked
from app.settings.files import read_text
from app.settings.variables import FileName, HeaderName, JsonObject, Names, WrongVariable
from app.tokens.jwks import jwk_set, pem_key, shared_secret
from app.tokens.secret_encoding import SecretEncoding, decode_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.tokens.key_set import KeySet

OFF: Final = "-"
"""Switches the check of an issuer or an audience off, and a preset's scheme."""

_FAMILIES: Final = (
    frozenset({"HS256", "HS384", "HS512"}),
    frozenset(
        {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
    ),
)


class ReadingVariables(ClaimNames):
    """The variables of every authenticator that reads signed tokens."""

    leeway_seconds: int = Field(30, ge=0, le=300, description="how far clocks may be apart")
    max_token_bytes: int = Field(
        8192, ge=256, le=32768, description="a longer token is refused before it is decoded"
    )
    http_timeout_seconds: float = Field(
        3, gt=0, le=30, description="for a whole answer of the key server"
    )


class JwtVariables(ReadingVariables):
    """A signed token in a header or a cookie."""

    header: HeaderName | None = Field(None, description="the header that has the token")
    header_prefix: str = Field(
        "",
        pattern=r"^([A-Za-z]*|-)$",
        description="the scheme before the token, like Bearer; `-` for none",
    )
    cookie: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._-]+$", description="or the cookie that has the token"
    )
    issuer: Names = Field((), description="required: `iss` is one of these; `-` does not check it")
    audience: Names = Field(
        (), description="required: `aud` has one of these; `-` does not check it"
    )
    algorithms: Names = Field((), description="required: of one family, like RS256,ES256")
    token_type: Names = Field(
        ("JWT",), min_length=1, description="`typ` is one of these, if a token has one"
    )
    required_claims: JsonObject = Field(
        {}, description='claims that a token must have, like {"type": "app"}; of a list, any value'
    )
    max_age_seconds: int | None = Field(None, ge=1, description="how long it holds from `iat` on")
    max_lifetime_seconds: int | None = Field(
        None, ge=1, description="the longest time from `iat` to `exp`"
    )
    allow_http: bool = Field(
        default=False, description="allow fetching keys over plain http from other machines"
    )
    jwks_url: str | None = Field(None, description="where the keys are: a JWK set")
    discovery_url: str | None = Field(
        None, description="or the OpenID provider's discovery document"
    )
    jwks_file: FileName | None = Field(None, description="or a file with a JWK set")
    public_key_file: FileName | None = Field(
        None, description="or a file with one public key as PEM"
    )
    secret: SecretStr | None = Field(None, description="or a secret shared with the issuer")
    secret_encoding: SecretEncoding = Field("raw", description="encoding of SECRET")
    jwks_ttl_seconds: int = Field(300, ge=10, le=86400, description="how often keys are fetched")
    jwks_max_stale_seconds: int = Field(
        86400,
        ge=10,
        le=2592000,
        description="how long keys are used while their server is down",
    )

    @field_validator("issuer", "audience")
    @classmethod
    def _check_names_or_off(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("is required: a token for somebody else must not pass for one of ours")
        if OFF in names and names != (OFF,):
            raise ValueError("switches the check off with -, and then has nothing else")
        return names

    @field_validator("algorithms")
    @classmethod
    def _check_one_family(cls, algorithms: tuple[str, ...]) -> tuple[str, ...]:
        if not any(algorithms and family.issuperset(algorithms) for family in _FAMILIES):
            known = "; or ".join(", ".join(sorted(family)) for family in _FAMILIES)
            wrong = "must be names" if algorithms else "is required,"
            raise ValueError(f"{wrong} of one family: {known}")
        return algorithms

    @field_validator("jwks_url", "discovery_url")
    @classmethod
    def _check_address(cls, address: str | None) -> str | None:
        return None if address is None else checked(address, http_allowed=True)

    @field_validator("jwks_file")
    @classmethod
    def _check_jwks_file(cls, path: Path | None) -> Path | None:
        return _readable(path, jwk_set)

    @field_validator("public_key_file")
    @classmethod
    def _check_public_key_file(cls, path: Path | None) -> Path | None:
        return _readable(path, pem_key)

    @model_validator(mode="after")
    def _check_one_place(self) -> Self:
        if (self.cookie is None) == (self.header is None):
            found = "and HEADER are missing" if self.cookie is None else "and HEADER are both set"
            raise WrongVariable("cookie", f"{found}; set exactly one of them")
        return self

    @model_validator(mode="after")
    def _check_http_is_allowed(self) -> Self:
        for field, address in (
            ("jwks_url", self.jwks_url),
            ("discovery_url", self.discovery_url),
        ):
            if address is not None:
                _check_scheme(field, address, http_allowed=self.allow_http)
        return self

    @model_validator(mode="after")
    def _check_discovery_is_of_one_issuer(self) -> Self:
        if self.discovery_url is not None and (len(self.issuer) > 1 or OFF in self.issuer):
            wrong = "has the keys of one issuer; set ISSUER to just that one"
            raise WrongVariable("discovery_url", wrong)
        return self

    @model_validator(mode="after")
    def _check_one_key_source(self) -> Self:
        given = [name.upper() for name in KEY_SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "nothing"
            wrong = f"or another source of keys is required; {found} is set, set exactly one of "
            raise WrongVariable("secret", wrong + ", ".join(map(str.upper, KEY_SOURCES)))
        return self

    @model_validator(mode="after")
    def _check_secret(self) -> Self:
        if _FAMILIES[0].issuperset(self.algorithms) != (self.secret is not None):
            wrong = f"does not go with ALGORITHMS={','.join(self.algorithms)}: HS… needs a shared "
            raise WrongVariable("secret", f"{wrong}secret, all others a public key")
        if self.secret is not None:
            try:
                shared_secret(self.opened_secret(), self.algorithms)
            except ValueError as error:
                raise WrongVariable("secret", str(error)) from None
        return self

    def opened_secret(self) -> bytes:
        """Return the secret's bytes; blanks around it are cut off. There must be one.

        Raises:
            ValueError: it is not in its encoding.
        """
        text = self.secret.get_secret_value().strip() if self.secret is not None else ""
        return decode_secret(text, self.secret_encoding)


def _check_scheme(field: str, address: str, *, http_allowed: bool) -> None:
    try:
        checked(address, http_allowed=http_allowed)
    except ValueError as error:
        raise WrongVariable(field, f"{error}; or set ALLOW_HTTP=true") from None


def _readable(path: Path | None, read: Callable[[bytes], KeySet]) -> Path | None:
    if path is not None:
        read(read_text(path).encode())
    return path
