"""Why a sign-on is refused: what happened, not what HTTP calls it."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final

_MAX_SHOWN_CHARACTERS: Final = 80
_MAX_SHOWN_ITEMS: Final = 5


def shown(value: object) -> str:
    """Return a value as a reason may quote it: printable, on one line, and short.

    It is for values that are no credential: issuers, audiences, types, algorithms, names of keys,
    groups and claims, mail domains, peers.
    """
    if value is None:
        return "nothing"
    if isinstance(value, list | tuple | set | frozenset):
        items = list(value) if isinstance(value, list | tuple) else sorted(value)
        more = ", …" if len(items) > _MAX_SHOWN_ITEMS else ""
        return (", ".join(map(shown, items[:_MAX_SHOWN_ITEMS])) or "an empty list") + more
    if isinstance(value, dict):
        return "an object"
    text = value if isinstance(value, str) else str(value)
    if len(text) > _MAX_SHOWN_CHARACTERS:
        text = f"{text[: _MAX_SHOWN_CHARACTERS - 1]}…"
    return repr(text)


class Cause(StrEnum):
    """What a refusal is counted under beside its code; `OTHER` where the code says it all."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    FORGED = "forged"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    WRONG_TYPE = "wrong_type"
    UNTRUSTED_PEER = "untrusted_peer"
    PROXY_SECRET = "proxy_secret"
    OTHER = "other"


class SignOnError(Exception):
    """A refused sign-on.

    `code` is stable, documented and sent to the client. The message is for the log only: it may say
    what is wrong with a credential, never the credential itself. `authenticator` is the name of the
    authenticator that refused; `None` if none did.
    """

    code: ClassVar[str]
    authenticator: str | None = None
    cause: Cause = Cause.OTHER

    def __init__(self, reason: str = "", *, cause: Cause = Cause.OTHER) -> None:
        super().__init__(reason)
        self.cause = cause


class NoSession(SignOnError):
    """The request has no credential."""

    code = "no_session"


class InvalidCredential(SignOnError):
    """The request has a credential that does not hold: forged, expired, ambiguous."""

    code = "invalid_session"


class AccessDenied(SignOnError):
    """The user is known, and refused."""

    code = "access_denied"


class MetricsDenied(SignOnError):
    """The metrics are not for whoever asks."""

    code = "metrics_denied"


class MissingClaim(SignOnError):
    """The identity lacks what the vendor requires for `claim`."""

    code = "missing_claim"

    def __init__(self, claim: str, *, wanted: str) -> None:
        super().__init__(f"{claim}: the identity has no {wanted}")
        self.claim = claim


class ForeignRequest(SignOnError):
    """The browser says that a foreign page asks, or that it is a prefetch."""

    code = "foreign_request"


class UnknownPage(SignOnError):
    """There is no such page, or the id is not offered."""

    code = "not_found"


class InvalidParameter(SignOnError):
    """A query parameter is repeated or invalid."""

    code = "invalid_parameter"


class AuthenticatorUnavailable(SignOnError):
    """The authenticator cannot decide now whether the session holds."""

    code = "authenticator_unavailable"

    def __init__(self, reason: str = "", *, retry_after_seconds: int = 5) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class AuthenticatorFailed(SignOnError):
    """An authenticator broke its contract, by what it raised or returned: a bug in it."""

    code = "internal_error"


class VendorUnavailable(SignOnError):
    """The vendor's API gave no token. The message quotes nothing that it sent."""

    code = "vendor_unavailable"


class LocationTooLong(SignOnError):
    """The address is too long to pass proxies; a cut token is never sent."""

    code = "location_too_long"


class NoAnswer(Exception):
    """Somebody who was asked gave no whole answer; the message quotes nothing that came instead."""
