"""The variables of the engine `jwt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from app.authenticators.claim_names import ClaimNames
from app.settings.addresses import checked
from app.settings.variables import HeaderName, JsonObject, Names
from app.tokens.jwks import jwk_set, pem_key, shared_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.tokens.jwks import KeySet

OFF: Final = "-"
"""Switches the check of an issuer or an audience off."""

_FAMILIES: Final = (
    frozenset({"HS256", "HS384", "HS512"}),
    frozenset(
        {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
    ),
)
_KEY_SOURCES: Final = ("jwks_url", "discovery_url", "jwks_file", "public_key_file", "secret")


class ReadingVariables(ClaimNames):
    """What every authenticator that reads signed tokens can be told."""

    leeway_seconds: int = Field(30, ge=0, le=300, description="how far clocks may be apart")
    max_token_bytes: int = Field(
        8192, ge=256, le=32768, description="a longer token is refused before it is decoded"
    )
    http_timeout_seconds: float = Field(
        3, gt=0, le=30, description="for a whole answer of the server that has the keys"
    )


class JwtVariables(ReadingVariables):
    """A signed token in a header or a cookie. A problem is told on the variable that is last."""

    header: HeaderName | None = Field(None, description="the header that has the token")
    header_prefix: str = Field(
        "", pattern=r"^[A-Za-z]*$", description="what stands before it, like Bearer"
    )
    cookie: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._-]+$", description="or the cookie that has it"
    )
    issuer: Names = Field((), description="required: `iss`, any of these; `-` does not check it")
    audience: Names = Field(
        (), description="required: `aud` has any of these; `-` does not check it"
    )
    algorithms: Names = Field((), description="required: of one family, like RS256,ES256")
    token_type: str = Field("JWT", min_length=1, description="`typ`, where a token has one")
    required_claims: JsonObject = Field(
        {}, description='claims and their values, like {"type": "app"}; of a list, any'
    )
    max_age_seconds: int | None = Field(None, ge=1, description="since `iat`")
    max_lifetime_seconds: int | None = Field(None, ge=1, description="from `iat` to `exp`")
    allow_http: bool = Field(
        default=False, description="fetch keys over plain http from other machines too"
    )
    jwks_url: str | None = Field(None, description="where the keys are: a JWK set")
    discovery_url: str | None = Field(
        None, description="or the OpenID provider's document that says where"
    )
    jwks_file: Path | None = Field(None, description="or a file with a JWK set")
    public_key_file: Path | None = Field(None, description="or a file with one public key as PEM")
    secret: SecretStr | None = Field(None, description="or a secret that the issuer shares")
    jwks_ttl_seconds: int = Field(
        300, ge=10, le=86400, description="how often fetched keys are fetched anew"
    )
    jwks_max_stale_seconds: int = Field(
        86400, ge=10, le=2592000, description="how long they serve when their server is down"
    )

    @field_validator("cookie")
    @classmethod
    def _there_is_one_place(cls, cookie: str | None, info: ValidationInfo) -> str | None:
        if "header" in info.data and (cookie is None) == (info.data["header"] is None):
            raise ValueError("or HEADER is where the token is: set one of them, and only one")
        return cookie

    @field_validator("issuer", "audience")
    @classmethod
    def _it_is_named(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError("is required: a token for somebody else must not pass for one of ours")
        if OFF in names and names != (OFF,):
            raise ValueError("is - to switch the check off, and then nothing else")
        return names

    @field_validator("algorithms")
    @classmethod
    def _they_are_of_one_family(cls, algorithms: tuple[str, ...]) -> tuple[str, ...]:
        if not any(algorithms and family.issuperset(algorithms) for family in _FAMILIES):
            known = "; or ".join(", ".join(sorted(family)) for family in _FAMILIES)
            raise ValueError(f"is required, of one family: {known}")
        return algorithms

    @field_validator("jwks_url", "discovery_url")
    @classmethod
    def _it_is_an_address(cls, address: str | None, info: ValidationInfo) -> str | None:
        if address is not None:
            checked(address, http_allowed=info.data.get("allow_http", False))
        return address

    @field_validator("discovery_url")
    @classmethod
    def _it_is_of_one_issuer(cls, address: str | None, info: ValidationInfo) -> str | None:
        issuers = info.data.get("issuer", (OFF,))
        if address is not None and "issuer" in info.data and (len(issuers) > 1 or OFF in issuers):
            raise ValueError("says where the keys of one issuer are: set ISSUER to just that")
        return address

    @field_validator("jwks_file")
    @classmethod
    def _it_has_keys(cls, path: Path | None) -> Path | None:
        return _readable(path, jwk_set)

    @field_validator("public_key_file")
    @classmethod
    def _it_has_a_key(cls, path: Path | None) -> Path | None:
        return _readable(path, pem_key)

    @field_validator("secret")
    @classmethod
    def _there_is_one_source(cls, secret: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - as it came
        given = [name for name in _KEY_SOURCES if info.data.get(name) is not None]
        given += ["secret"] if secret is not None else []
        if len(given) != 1 and info.data.keys() >= set(_KEY_SOURCES[:-1]):
            words = ", ".join(name.upper() for name in _KEY_SOURCES[:-1])
            raise ValueError(f"or {words} gives the keys: set one of them, and only one")
        algorithms = info.data.get("algorithms", ())
        symmetric = _FAMILIES[0].issuperset(algorithms)
        if algorithms and given and symmetric != (secret is not None):
            raise ValueError(f"does not go with ALGORITHMS={','.join(algorithms)}: {_WHY}")
        if algorithms and secret is not None:
            shared_secret(opened(secret), algorithms)
        return secret


_WHY: Final = "a shared secret is for HS…, a public key for all others"


def opened(secret: SecretStr) -> bytes:
    """Give a secret's bytes; blanks around it are cut off."""
    return secret.get_secret_value().strip().encode()


def _readable(path: Path | None, read: Callable[[bytes], KeySet]) -> Path | None:
    if path is not None:
        try:
            text = path.read_bytes()
        except OSError as error:
            raise ValueError(f"cannot be read: {error.strerror}") from None
        read(text)
    return path
