"""Read the host's answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.authenticators.claim_values import expiry
from app.authenticators.headers.identity_headers import HeaderReader
from app.errors import AuthenticatorUnavailable, InvalidCredential, shown
from app.tokens.strict_json import InvalidJson, strict_json

if TYPE_CHECKING:
    from app.authenticators.http_client import Answer
    from app.authenticators.introspection.token_rules import TokenRules
    from app.authenticators.introspection.variables import IntrospectionVariables
    from app.identity import Identity

MAX_BYTES: Final = 64 * 1024
"""Of an answer's body."""

_JSON: Final = "application/json"
_KIND: Final = "unsupported_token_type"
_MAX_MEMBERS: Final = 256
"""A user's profile has more members than a token."""


class Answers:
    """Reads an identity from an answer."""

    def __init__(self, variables: IntrospectionVariables, rules: TokenRules | None) -> None:
        """Read answers about a token where there are `rules` for it."""
        self._variables = variables
        self._reader = HeaderReader(variables)
        self._rules = rules

    def __call__(self, answer: Answer) -> Identity:
        """Return the identity in an answer.

        Raises:
            InvalidCredential: the answer is no, or names no user.
            AuthenticatorUnavailable: the host cannot tell now.
        """
        if self._rules is not None and _is_about_its_kind(answer):
            raise InvalidCredential(f"the host answers 400 {_KIND}: it knows other tokens only")
        self._check_status(answer.status)
        if self._variables.mode == "forward-auth":
            return self._in_headers(answer)
        claims = claims_in(answer)
        if self._rules is not None:
            self._rules.check(claims)
        return self._variables.identity_from(
            claims, numeric_subject=self._rules is None, expires_at=expiry(claims)
        )

    def _check_status(self, status: int) -> None:
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            if self._rules is not None:  # RFC 7662, section 2.3: about the service, not the user
                raise AuthenticatorUnavailable(
                    "the host does not accept CLIENT_ID and CLIENT_SECRET"
                )
            raise InvalidCredential(f"the host answers {status}")
        if 300 <= status < 400:  # noqa: PLR2004 - redirects, most likely to a login
            raise InvalidCredential(f"the host answers {status}: a redirect is not a session")
        if not 200 <= status < 300:  # noqa: PLR2004 - neither yes nor no
            raise AuthenticatorUnavailable(f"the host answers {status}")

    def _in_headers(self, answer: Answer) -> Identity:
        received = [pair for pair in answer.headers if pair[0] in self._reader.names]
        headers = dict(received)
        if len(headers) != len(received):
            raise InvalidCredential("the host's answer repeats an identity header")
        fields, claims = self._reader.read(headers)
        if "subject" not in fields:
            raise InvalidCredential("the host's answer names no user")
        return self._variables.identity_from(claims, **fields)


def claims_in(answer: Answer) -> dict[str, object]:
    """Read a JSON object. Anything else with a 200, such as a login page, is not a session."""
    if answer.status != HTTPStatus.OK:
        raise InvalidCredential(f"the host answers {answer.status}, wanted 200 with {_JSON}")
    try:
        return _object_in(answer)
    except InvalidJson as error:
        raise InvalidCredential(f"the host's answer {error}") from None


def _is_about_its_kind(answer: Answer) -> bool:
    """Tell whether a token server refuses to be asked about this kind of token.

    It says so as in RFC 7009, section 2.2.1: oidc-provider of tokens that are signed.
    """
    try:
        return answer.status == HTTPStatus.BAD_REQUEST and _object_in(answer)["error"] == _KIND
    except (InvalidJson, KeyError):
        return False


def _object_in(answer: Answer) -> dict[str, object]:
    found = b", ".join(answer.all(b"content-type")).decode("latin-1")
    if found.partition(";")[0].strip().lower() != _JSON:
        raise InvalidJson(f"is {shown(found or None)}, wanted {_JSON}")
    if answer.body is None:
        raise InvalidJson(f"is {answer.unread}")
    try:
        return strict_json(answer.body, max_members=_MAX_MEMBERS)
    except InvalidJson as error:
        raise InvalidJson(f"cannot be read: {error}") from None
