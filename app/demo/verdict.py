"""What the marketplace makes of a visit: who it is, or why not, and what it would object to."""

from collections.abc import Iterator, MutableSet, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from app.demo.lint import token_objections
from app.demo.vendors import SECONDS, Page
from app.demo.verification import MISSING, RefusedToken, Token, find, read, verify

FRESH_SECONDS = 10  # a token is dated back by 5 s, for clocks that are behind


@dataclass(frozen=True)
class Verdict:
    """`refusal` says why nobody is signed in; header and claims are shown where they can be read.

    The age is in seconds, `None` without a usable `iat`.
    """

    state: Literal["verified", "refused", "anonymous"]
    refusal: str = ""
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    person: str = ""
    age_seconds: int | None = None
    objections: tuple[str, ...] = ()

    @property
    def headline(self) -> str:
        """What it comes down to."""
        if self.state == "anonymous":
            return "A visitor without a name"
        if self.state == "refused":
            return "Refused"
        return f"Signed in as {self.person}" if self.person else "Verified"

    @property
    def detail(self) -> str:
        """The sentence below it."""
        if self.state == "anonymous":
            return "No token came; browsing needs none, installing does."
        if self.state == "refused":
            return self.refusal
        if self.age_seconds is None:
            return "The signature holds. The token is of unknown age."
        fresh = 0 <= self.age_seconds <= FRESH_SECONDS
        age = "fresh" if fresh else f"{self.age_seconds} s old"
        return f"The signature holds. The token is {age}."


def judge(
    tokens: Sequence[str], page: Page, key: bytes, *, now: int, seen: MutableSet[str]
) -> Verdict:
    """Judge the tokens that came to `page` at `now` (epoch seconds); one is right.

    `seen` has the `jti` of the tokens verified before, and of this one afterwards.
    """
    if not tokens and page.anonymous:
        return Verdict("anonymous")
    if len(tokens) != 1:
        return Verdict("refused", f"{len(tokens) or 'No'} tokens came; one is right.")
    try:
        token = read(tokens[0])
    except RefusedToken as refused:
        return Verdict("refused", str(refused))
    try:
        verify(token, key)
    except RefusedToken as refused:
        return Verdict("refused", str(refused), token.header, token.claims)
    return Verdict(
        "verified",
        header=token.header,
        claims=token.claims,
        person=_person(token, page),
        age_seconds=age_seconds(token, now),
        objections=(*token_objections(token, page, now=now), *_replay_objections(token, seen)),
    )


def _person(token: Token, page: Page) -> str:
    named = (find(token.claims, path) for path in page.person)
    return next((str(name) for name in named if name is not MISSING), "somebody without a name")


def age_seconds(token: Token, now: int) -> int | None:
    """Return the age of a token at `now`, `None` without a usable `iat`."""
    issued_at: Any = token.claims.get("iat")
    return now - issued_at if SECONDS.holds(issued_at) else None


def _replay_objections(token: Token, seen: MutableSet[str]) -> Iterator[str]:
    jti = token.claims.get("jti")
    if not isinstance(jti, str):
        return  # two tokens without one may be the same by chance
    if jti in seen:
        yield "jti: this token was here before; each visit takes a fresh one"
    seen.add(jti)
