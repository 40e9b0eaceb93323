"""Everything that an author of an authenticator imports; `app.testing` has the kit to test it."""

from app.authenticators.contract import Authenticator, AuthenticatorContext, ProbeResult
from app.authenticators.credentials import cookie_value, header_value
from app.authenticators.headers.peers import peer_address
from app.errors import AccessDenied, AuthenticatorUnavailable, InvalidCredential
from app.identity import Identity, InvalidIdentity
from app.settings.variables import (
    HeaderName,
    HeaderNames,
    HttpsAddress,
    JsonObject,
    Names,
    Variables,
    WrongVariable,
)

__all__ = [
    "AccessDenied",
    "Authenticator",
    "AuthenticatorContext",
    "AuthenticatorUnavailable",
    "HeaderName",
    "HeaderNames",
    "HttpsAddress",
    "Identity",
    "InvalidCredential",
    "InvalidIdentity",
    "JsonObject",
    "Names",
    "ProbeResult",
    "Variables",
    "WrongVariable",
    "cookie_value",
    "header_value",
    "peer_address",
]
