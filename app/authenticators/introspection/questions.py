"""Questions to the host, each with the whole credential of a request."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

from app.authenticators.credentials import cookie_value, header_value
from app.authenticators.introspection.cache import fingerprint
from app.errors import InvalidCredential

if TYPE_CHECKING:
    from collections.abc import Mapping

    import falcon.asgi

    from app.authenticators.introspection.variables import IntrospectionVariables

_JSON: Final = "application/json"
_SCHEME: Final = "x-forwarded-proto"
"""What a proxy that ends TLS says; a host that wants https leads a question without it away."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request to the host. It contains the whole credential and is never logged."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)

    def fingerprint(self) -> bytes:
        """Return a hash of the whole credential."""
        pairs = (*sorted(self.headers.items()), *(self.form or {}).items())
        return fingerprint(part.encode() for pair in pairs for part in pair)


class Questions:
    """Makes questions of requests, as the variables say."""

    def __init__(self, variables: IntrospectionVariables) -> None:
        self._variables = variables
        self._sends_token = variables.mode == "rfc7662"
        self._cookie_names = frozenset(name.encode() for name in variables.forward_cookies)

    def about(self, request: falcon.asgi.Request) -> Question | None:
        """Return the question about a request's session; `None` without a credential.

        Raises:
            InvalidCredential: a credential that cannot be sent as it is, or is repeated.
        """
        return self._about_token(request) if self._sends_token else self._with_cookies(request)

    def without_session(self) -> Question:
        """Return a question to which the answer must be no."""
        if self._sends_token:
            return self._token_question(b"no-token")
        scheme = {_SCHEME: "https"} if _SCHEME in self._variables.forward_headers else {}
        return Question("GET", {**scheme, "Accept": _JSON})

    def _with_cookies(self, request: falcon.asgi.Request) -> Question | None:
        cookies = "; ".join(
            f"{name}={_text(value)}"
            for name in self._variables.forward_cookies
            if (value := cookie_value(request, name.encode(), chunks=self._cookie_names))
        )
        if not cookies:
            return None
        headers = {
            name: _text(value)
            for name in self._variables.forward_headers
            if (value := header_value(request, name.encode()))
        }
        return Question("GET", {**headers, "Accept": _JSON, "Cookie": cookies})

    def _about_token(self, request: falcon.asgi.Request) -> Question | None:
        cookies = self._variables.forward_cookies
        if cookies:
            token = cookie_value(request, cookies[0].encode())
        else:
            token = header_value(request, b"authorization", b"bearer")
        return self._token_question(token) if token else None

    def _token_question(self, token: bytes) -> Question:
        headers, form = {"Accept": _JSON}, {"token": _text(token)}
        if self._variables.client_auth == "post":
            return Question("POST", headers, {**form, **_in_form(self._variables)})
        return Question("POST", {**headers, "Authorization": _basic(self._variables)}, form)


def _client_credentials(variables: IntrospectionVariables) -> tuple[str, str]:
    secret = variables.client_secret
    return variables.client_id or "", secret.get_secret_value().strip() if secret else ""


def _in_form(variables: IntrospectionVariables) -> dict[str, str]:
    """Return our credentials as fields of the form, as some servers want them."""
    client_id, client_secret = _client_credentials(variables)
    return {"client_id": client_id, "client_secret": client_secret}


def _basic(variables: IntrospectionVariables) -> str:
    """Return our credentials (RFC 6749, section 2.3.1: each part is form-encoded first).

    Some servers do not decode the parts: `basic-raw` leaves them as they are (RFC 7617).
    """
    parts = _client_credentials(variables)
    raw = variables.client_auth == "basic-raw"
    encoded = ":".join(parts if raw else map(quote_plus, parts)).encode()
    return f"Basic {base64.b64encode(encoded).decode()}"


def _text(value: bytes) -> str:
    text = value.decode("latin-1")
    if not (text.isascii() and text.isprintable()):
        raise InvalidCredential("a cookie or header for the host is not printable ASCII")
    return text
