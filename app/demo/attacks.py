"""Ways into the marketplace that must fail, as data, and the tokens that somebody would forge."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from app.demo.answers import Answer

ELSEWHERE: Final = "evil.example"
ADA_BY_NAME: Final = ("X-Forwarded-User", "u-17")
_PAGE: Final = ("Accept", "text/html")
_JSON: Final = ("Accept", "application/json")


@dataclass(frozen=True)
class Attempt:
    """A request that must fail.

    It goes through the login proxy, or straight to the service; with the visitor's own session or
    without; from the address `source`, where it is not the proxy's. With `may_mint` a token may
    come, but to the marketplace only.
    """

    title: str
    stopped_by: str
    headers: tuple[tuple[str, str], ...]
    path: str = "/pandium-sso"
    method: str = "GET"
    straight: bool = False
    signed_in: bool = False
    source: str = ""
    may_mint: bool = False

    def came_through(self, answer: Answer, marketplace: str) -> bool:
        """Tell whether an answer has what it must not have."""
        if self.may_mint:
            return not answer.location.startswith(marketplace) or ELSEWHERE in answer.location
        return bool(answer.token)


def _from_a_foreign_page(mode: str, shown_in: str) -> tuple[tuple[str, str], ...]:
    """Return what browsers say about a request that a foreign page makes."""
    return (
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", mode),
        ("Sec-Fetch-Dest", shown_in),
    )


ATTEMPTS: Final = (
    Attempt("Without a session", "Nobody has signed in.", (_JSON,)),
    Attempt(
        "With a session that is made up",
        "The host knows no such session, and the service takes its word only.",
        (_JSON, ("Cookie", "acme_session=made-up")),
    ),
    Attempt(
        "With another user's name, through the login proxy",
        "The proxy passes no identity header of a visitor on.",
        (_JSON, ADA_BY_NAME),
    ),
    Attempt(
        "With another user's name, past the login proxy",
        "Identity headers count from the proxy's own address only: AUTH_…_TRUSTED_PROXIES.",
        (_JSON, ADA_BY_NAME),
        straight=True,
        source="127.0.0.2",
    ),
    Attempt(
        "With another spelling of the header",
        "A name with an underscore is another name; here it comes from the proxy's own address.",
        (_JSON, ("X_Forwarded_User", "u-17")),
        straight=True,
    ),
    Attempt(
        "With two names",
        "A repeated header is refused: it is not clear which of the two counts.",
        (_JSON, ADA_BY_NAME, ("X-Forwarded-User", "u-23")),
        straight=True,
    ),
    Attempt(
        "In a frame of a foreign page",
        "Browsers say whose page asks, and only SSO_HOST_ORIGINS may.",
        (_PAGE, *_from_a_foreign_page("navigate", "iframe")),
        signed_in=True,
    ),
    Attempt(
        "By a script of a foreign page",
        "Its origin is not in SSO_HOST_ORIGINS.",
        (_JSON, ("Origin", f"https://{ELSEWHERE}"), *_from_a_foreign_page("cors", "empty")),
        signed_in=True,
    ),
    Attempt(
        "By a browser that fetches ahead",
        "A prefetch mints nothing.",
        (_PAGE, ("Sec-Purpose", "prefetch")),
        signed_in=True,
    ),
    Attempt(
        "With a form",
        "Only GET mints: 307 would send the form on to the vendor.",
        (_PAGE,),
        method="POST",
        signed_in=True,
    ),
    Attempt(
        "To an address of one's own",
        "Where the token goes is configured; the request has no say in it.",
        (_PAGE, ("X-Forwarded-Host", ELSEWHERE)),
        path=f"/pandium-sso?url=https://{ELSEWHERE}&tenant=mine&redirect_uri=//{ELSEWHERE}",
        signed_in=True,
        may_mint=True,
    ),
    Attempt(
        "To an integration that is not offered",
        "Only the ids in PANDIUM_INTEGRATIONS have a page.",
        (_JSON,),
        path="/pandium-sso/install/9999",
        signed_in=True,
    ),
    Attempt(
        "Up the path",
        "An id is letters and digits; a path never moves up.",
        (_JSON,),
        path="/pandium-sso/install/..%2F..%2Fadmin",
        signed_in=True,
    ),
)


def with_another_name(token: str) -> str:
    """Return the token with another user's address in it, and the signature that it had."""
    header, claims, signature = token.split(".")
    return f"{header}.{_part({**_read(claims), 'sub': 'ben@acme.example'})}.{signature}"


def without_signature(token: str) -> str:
    """Return the token with another user's address in it, which says that it needs no signature."""
    _, claims, _ = with_another_name(token).split(".")
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{claims}."


FORGERIES: Final[tuple[tuple[str, str, str, Callable[[str], str]], ...]] = (
    (
        "With another name in one's own token",
        "The signature covers every claim.",
        "/pandium/acme?tenant=",
        with_another_name,
    ),
    (
        "With a token that says it needs no signature",
        "The algorithm is agreed on, never taken from the token.",
        "/pandium/acme?tenant=",
        without_signature,
    ),
    (
        "With one vendor's token at the other vendor",
        "Each vendor has a key of its own.",
        "/apifuse?jwt=",
        str,
    ),
)
"""What is tried at the marketplace: a title, what stops it, the page, and how the token is made."""


def _read(part: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
