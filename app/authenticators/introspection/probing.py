"""What a host's answer to a request without a session means, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from app.authenticators.contract import ProbeResult
from app.authenticators.introspection.answers import claims_in
from app.errors import InvalidCredential

if TYPE_CHECKING:
    from app.authenticators.http_client import Answer

UNREACHABLE: Final = "check URL, and that this machine can reach it: name servers, firewall, TLS"

_ANYBODY: Final = "let the host answer 401 without a session; now anyone signs on"
_REMEDIES: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "if the host knows only some names for itself (Django: ALLOWED_HOSTS), "
    "add that of URL",
    HTTPStatus.FORBIDDEN: "let the host answer 401 without a session; 403 can also be that of a "
    "firewall, and then nobody signs on",
    HTTPStatus.NOT_FOUND: "check the path of URL",
    HTTPStatus.METHOD_NOT_ALLOWED: "check URL: nothing there answers this method",
}
_REMEDY: Final = "check URL: without a session the only right answer is 401"
_TOKEN_REMEDY: Final = "check URL, CLIENT_ID, CLIENT_SECRET and CLIENT_AUTH"


def found_without_session(url: str, answer: Answer, *, is_about_token: bool) -> ProbeResult:
    """Judge an answer. Only 401 is right, or of a token server that the token is not active."""
    said = f"answers {answer.status} without a session"
    if is_about_token:
        return _about_token(url, answer)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return ProbeResult(url, "refuses a request without a session: 401")
    if 300 <= answer.status < 400:  # noqa: PLR2004 - redirects
        return ProbeResult(url, f"{said}{_where(url, answer)}", _remedy_for_redirect(url, answer))
    if 200 <= answer.status < 300:  # noqa: PLR2004 - whatever it is, it is not a no
        return ProbeResult(url, f"{said}: it names a user, or is a page for everybody", _ANYBODY)
    return ProbeResult(url, said, _REMEDIES.get(answer.status, _REMEDY))


def _about_token(url: str, answer: Answer) -> ProbeResult:
    try:
        active = claims_in(answer).get("active")
    except InvalidCredential:
        active = None
    if active is False:
        return ProbeResult(url, "does not know a token that nobody has")
    if active is True:
        return ProbeResult(url, "calls a token active that nobody has", _ANYBODY)
    return ProbeResult(url, f"answers {answer.status} to a question about a token", _TOKEN_REMEDY)


def _location(answer: Answer) -> str:
    return b"".join(answer.all(b"location")[:1]).decode("latin-1")


def _where(url: str, answer: Answer) -> str:
    return ", a redirect to its own https" if _is_to_https(url, answer) else ", a redirect"


def _is_to_https(url: str, answer: Answer) -> bool:
    try:
        target, asked = urlsplit(_location(answer)), urlsplit(url)
    except ValueError:
        return False
    return (asked.scheme, target.scheme) == ("http", "https") and target.path == asked.path


def _remedy_for_redirect(url: str, answer: Answer) -> str:
    if _is_to_https(url, answer):
        return (
            "the host wants https and takes the question for plain http: ask it by https, let it "
            "answer this path by http (Django: SECURE_REDIRECT_EXEMPT), or hand on what it takes "
            "for https (Django: SECURE_PROXY_SSL_HEADER) with FORWARD_HEADERS; every user is "
            "refused now"
        )
    return "let the host answer 401, not a redirect to its login; or URL has another path there"
