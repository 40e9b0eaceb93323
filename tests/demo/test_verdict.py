import pytest

from app.demo.vendors import APIFUSE, PANDIUM, Page
from app.demo.verdict import Verdict, judge

from .tokens import HEADER, forged, signed

NOW = 1_800_000_000
KEY = b"k" * 43
CLAIMS = {"iat": NOW - 5, "jti": "3f0c", "sub": "ada@acme.example"}


def verdict(*tokens: str, page: Page = PANDIUM, seen: set[str] | None = None) -> Verdict:
    return judge(tokens, page, KEY, now=NOW, seen=set() if seen is None else seen)


def test_a_good_token_signs_its_person_in() -> None:
    assert verdict(signed(CLAIMS, KEY)) == Verdict(
        "verified", header=HEADER, claims=CLAIMS, person="ada@acme.example", age_seconds=5
    )


@pytest.mark.parametrize(
    ("claims", "person"),
    [
        ({"sub": "u-17", "ti": {"ufn": "Ada Lindqvist", "udn": "Ada"}}, "Ada Lindqvist"),
        ({"sub": "u-17", "ti": {"udn": "Ada"}}, "Ada"),
        ({"sub": "u-17", "ti": 3}, "u-17"),
        ({"sub": 17}, "17"),
        ({}, "somebody without a name"),
    ],
)
def test_a_person_goes_by_the_best_name_there_is(claims: dict[str, object], person: str) -> None:
    assert verdict(forged(HEADER, claims, KEY)).person == person


@pytest.mark.parametrize("issued_at", ["now", None, True, 1e400, -(10**4000), [NOW]])
def test_a_token_whose_issue_time_is_no_time_has_no_age(issued_at: object) -> None:
    assert verdict(forged(HEADER, {"iat": issued_at}, KEY)).age_seconds is None


def test_a_token_that_comes_again_is_objected_to_but_still_verified() -> None:
    seen: set[str] = set()

    first = verdict(signed(CLAIMS, KEY), seen=seen)
    again = verdict(signed({**CLAIMS, "sub": "eve"}, KEY), seen=seen)

    assert first.objections == ()
    assert again.state == "verified"
    assert again.objections == ("jti: this token was here before; each visit takes a fresh one",)


@pytest.mark.parametrize("jti", [None, 3, ["a"], {}])
def test_a_token_without_a_usable_jti_is_not_called_a_replay(jti: object) -> None:
    seen: set[str] = set()
    token = forged(HEADER, {**CLAIMS, "jti": jti}, KEY)

    assert verdict(token, seen=seen).objections == verdict(token, seen=seen).objections


def test_a_forged_token_does_not_spoil_the_jti_it_names() -> None:
    seen: set[str] = set()

    verdict(signed(CLAIMS, b"x" * 43), seen=seen)

    assert verdict(signed(CLAIMS, KEY), seen=seen).objections == ()


def test_a_forged_token_is_refused_and_still_shown() -> None:
    words = "The signature was not made with this marketplace's key."

    assert verdict(signed(CLAIMS, b"x" * 43)) == Verdict("refused", words, HEADER, CLAIMS)


def test_a_token_that_cannot_be_read_is_refused() -> None:
    words = "A token has three parts; this one has 1."

    assert verdict("rubbish") == Verdict("refused", words)


def test_no_token_is_refused_where_one_is_needed_and_anonymous_where_not() -> None:
    assert verdict() == Verdict("refused", "No tokens came; one is right.")
    assert verdict(page=APIFUSE) == Verdict("anonymous")


def test_two_tokens_are_refused_even_where_both_are_good() -> None:
    token = signed(CLAIMS, KEY)

    assert verdict(token, token) == Verdict("refused", "2 tokens came; one is right.")
