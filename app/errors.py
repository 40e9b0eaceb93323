"""Why a sign-on was refused: what happened, not what HTTP calls it."""

from __future__ import annotations

from typing import ClassVar


class SignOnError(Exception):
    """A refused sign-on.

    `code` is stable, documented and told to the outside. The message is for the log only: it may
    name what was wrong with a credential, never the credential itself. `authenticator` is the name
    of the one that refused; `None` where none did.
    """

    code: ClassVar[str]
    authenticator: str | None = None


class NoSession(SignOnError):
    """The request carries nobody's credential."""

    code = "no_session"


class InvalidCredential(SignOnError):
    """A credential is there and does not hold: forged, expired, ambiguous."""

    code = "invalid_session"


class AccessDenied(SignOnError):
    """Who it is is known, and is refused."""

    code = "access_denied"


class MissingClaim(SignOnError):
    """The identity lacks what the vendor requires; `claim` names it."""

    code = "missing_claim"

    def __init__(self, claim: str, *, wanted: str) -> None:
        super().__init__(f"{claim}: the identity has no {wanted}")
        self.claim = claim


class ForeignRequest(SignOnError):
    """The browser says that somebody else's page, or its own prefetching, is asking."""

    code = "foreign_request"


class UnknownPage(SignOnError):
    """No such page, or an id that is not offered."""

    code = "not_found"


class InvalidParameter(SignOnError):
    """A query parameter comes twice or has a shape that is never forwarded."""

    code = "invalid_parameter"


class AuthenticatorUnavailable(SignOnError):
    """Whether the session holds cannot be decided now."""

    code = "authenticator_unavailable"

    def __init__(self, reason: str = "", *, retry_after_seconds: int = 5) -> None:
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class AuthenticatorFailed(SignOnError):
    """An authenticator raised or returned what its contract does not know: a bug in it."""

    code = "internal_error"


class LocationTooLong(SignOnError):
    """The address would not pass proxies whole; a cut token is never sent."""

    code = "location_too_long"
