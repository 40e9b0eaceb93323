import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.jwt.rules import LATEST, Rules, Window
from app.tokens.jws import InvalidToken

NOW = 1_800_000_000
RULES = Rules(
    algorithms=frozenset({"ES256", "RS256"}),
    issuers=frozenset({"https://login.example", "https://other.example"}),
    audiences=frozenset({"marketplace-sso", "embed"}),
    leeway_seconds=30,
)
HEADER = {"alg": "ES256", "typ": "JWT", "kid": "key-1"}
CLAIMS = {"iss": "https://login.example", "aud": "marketplace-sso", "exp": NOW + 60}


def rules(**changed: Any) -> Rules:
    fields = {name: getattr(RULES, name) for name in Rules.__slots__}
    return Rules(**{**fields, **changed})


def test_a_header_gives_algorithm_and_name() -> None:
    assert RULES.check_header(HEADER) == ("ES256", "key-1")
    assert RULES.check_header({"alg": "RS256"}) == ("RS256", None)


@pytest.mark.requirement("R1")
@pytest.mark.parametrize(
    "algorithm",
    [
        "none",
        "None",
        "NONE",
        "nOnE",
        "hs256",
        "HS256",
        "es256",
        "ES384",
        "",
        "null",
        "ES256 ",
        "ES256\x00",
        None,
        [],
        ["ES256"],
        {},
        0,
        1,
        True,
        1.5,
    ],
)
def test_an_algorithm_outside_the_configuration_is_refused(algorithm: object) -> None:
    with pytest.raises(InvalidToken, match="algorithm"):
        RULES.check_header({**HEADER, "alg": algorithm})


@pytest.mark.requirement("R1")
def test_a_missing_algorithm_is_refused() -> None:
    with pytest.raises(InvalidToken, match="algorithm"):
        RULES.check_header({"typ": "JWT"})


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip"])
@pytest.mark.parametrize("value", [None, "", {}, [], "http://127.0.0.1/", True])
def test_keys_and_rules_of_its_own_are_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidToken, match="of its own"):
        RULES.check_header({**HEADER, name: value})


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    "key_id",
    [
        "",
        " ",
        "a b",
        "a\n",
        "a\x00",
        "é",
        "k" * 129,
        "/",
        "/etc/passwd",
        "../key",
        "a/../b",
        "..",
        "a..b",
        ".hidden",
        "http://x/",
        "//x",
        "file:///dev/null",
        "a:b",
        "a\\b",
        "a'b",
        'a"b',
        "a;b",
        "a%2fb",
        "<a>",
        "a|b",
        "$a",
        "{a}",
        "a?b",
        "a#b",
        "a@b",
        "\u202e",
        "a,b",
        "a/b",
        None,
        1,
        True,
        [],
        ["key-1"],
        {},
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused(key_id: object) -> None:
    with pytest.raises(InvalidToken, match="valid name"):
        RULES.check_header({**HEADER, "kid": key_id})


@pytest.mark.parametrize("key_id", ["a", "key-1", "K_1", "1.2", "a=", "k" * 128, "x+y", "~a"])
def test_a_harmless_name_is_taken(key_id: str) -> None:
    assert RULES.check_header({**HEADER, "kid": key_id})[1] == key_id


@pytest.mark.requirement("R12")
@pytest.mark.parametrize(
    "token_type",
    [
        "at+jwt",
        "logout+jwt",
        "application/at+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "kb+jwt",
        "JOSE",
        "jwt",
        "",
        " JWT",
        None,
        1,
        [],
        ["JWT"],
    ],
)
def test_another_type_of_token_is_refused(token_type: object) -> None:
    with pytest.raises(InvalidToken, match="type"):
        RULES.check_header({**HEADER, "typ": token_type})


@pytest.mark.requirement("R12")
def test_a_type_may_be_configured_or_left_out() -> None:
    access_tokens = rules(token_type="at+jwt")

    assert RULES.check_header({"alg": "ES256"})
    assert access_tokens.check_header({**HEADER, "typ": "at+jwt"})
    with pytest.raises(InvalidToken, match="type"):
        access_tokens.check_header(HEADER)


@pytest.mark.requirement("R9")
@pytest.mark.parametrize(
    "exp",
    [
        None,
        "",
        "1800000060",
        "never",
        True,
        False,
        [],
        [NOW + 60],
        {},
        -1,
        -0.5,
        LATEST + 1,
        10**100,
        1e300,
    ],
)
def test_an_end_that_is_no_time_is_refused(exp: object) -> None:
    with pytest.raises(InvalidToken, match="exp"):
        RULES.check_claims({**CLAIMS, "exp": exp})


@pytest.mark.requirement("R9")
def test_a_missing_end_is_refused() -> None:
    with pytest.raises(InvalidToken, match="exp is not a number"):
        RULES.check_claims({"iss": "https://login.example", "aud": "embed"})


@pytest.mark.requirement("R9")
@pytest.mark.parametrize("name", ["nbf", "iat"])
@pytest.mark.parametrize("value", [None, "", "1800000000", True, [], {}, -1, 10**100])
def test_a_beginning_that_is_no_time_is_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidToken, match=name):
        RULES.check_claims({**CLAIMS, name: value})


@pytest.mark.requirement("R9")
@pytest.mark.parametrize(
    ("claims", "offset", "holds"),
    [
        ({"exp": NOW}, 29, True),
        ({"exp": NOW}, 29.999, True),
        ({"exp": NOW}, 30, False),
        ({"exp": NOW}, 31, False),
        ({"exp": NOW + 0.5}, 30.25, True),
        ({"exp": NOW + 0.5}, 30.5, False),
        ({"exp": 0}, 0, False),
        ({"exp": LATEST}, 0, True),
        ({"nbf": NOW}, -29, True),
        ({"nbf": NOW}, -30, True),
        ({"nbf": NOW}, -31, False),
        ({"iat": NOW}, -30, True),
        ({"iat": NOW}, -31, False),
        ({"iat": NOW - 60, "nbf": NOW}, -31, False),
        ({"iat": NOW, "nbf": NOW - 60}, -31, False),
    ],
)
def test_a_token_holds_up_to_its_edges(claims: dict[str, Any], offset: float, holds: bool) -> None:
    window = RULES.check_claims({**CLAIMS, **claims})

    if holds:
        window.check(NOW + offset)
    else:
        with pytest.raises(InvalidToken, match=r"expired|not hold yet"):
            window.check(NOW + offset)


@pytest.mark.requirement("R9")
@pytest.mark.parametrize(
    ("claims", "offset", "holds"),
    [
        ({"iat": NOW}, 129, True),
        ({"iat": NOW}, 130, False),
        ({"iat": NOW, "exp": NOW + 10}, 39, True),
        ({"iat": NOW, "exp": NOW + 10}, 40, False),
    ],
)
def test_an_age_ends_a_token_too(claims: dict[str, Any], offset: float, holds: bool) -> None:
    window = rules(max_age_seconds=100).check_claims({**CLAIMS, "exp": NOW + 9999, **claims})

    if holds:
        window.check(NOW + offset)
    else:
        with pytest.raises(InvalidToken, match="expired"):
            window.check(NOW + offset)


@pytest.mark.requirement("R9")
def test_a_lifetime_is_capped() -> None:
    capped = rules(max_lifetime_seconds=600)

    assert capped.check_claims({**CLAIMS, "iat": NOW, "exp": NOW + 600})
    with pytest.raises(InvalidToken, match="longer than is allowed"):
        capped.check_claims({**CLAIMS, "iat": NOW, "exp": NOW + 601})


@pytest.mark.requirement("R9")
@pytest.mark.parametrize("cap", ["max_lifetime_seconds", "max_age_seconds"])
def test_where_time_is_capped_a_beginning_is_required(cap: str) -> None:
    with pytest.raises(InvalidToken, match="iat is not a number"):
        rules(**{cap: 600}).check_claims(CLAIMS)


@pytest.mark.requirement("R33")
@pytest.mark.parametrize(
    ("now", "ends"), [(NOW - 60, NOW), (NOW - 1, NOW), (NOW, NOW + 30), (NOW + 29, NOW + 30)]
)
def test_a_session_ends_with_its_token_or_with_the_leeway(now: int, ends: int) -> None:
    window = Window(begins=0, ends=NOW + 30, expires_at=NOW)

    assert window.ends_for(now) == ends


@pytest.mark.requirement("R10")
@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "https://login.example/",
        "HTTPS://login.example",
        "https://login.example ",
        "login",
        "https://evil.example",
        "https://login.example.evil.example",
        None,
        1,
        True,
        [],
        {},
        ["https://login.example"],
        {"https://login.example": 1},
    ],
)
def test_another_issuer_is_refused(issuer: object) -> None:
    with pytest.raises(InvalidToken, match="issuer"):
        RULES.check_claims({**CLAIMS, "iss": issuer})


@pytest.mark.requirement("R10")
@pytest.mark.parametrize(
    "audience",
    [
        "",
        "marketplace",
        "marketplace-sso ",
        "Marketplace-SSO",
        "marketplace-sso,embed",
        None,
        1,
        True,
        [],
        {},
        ["other"],
        ["marketplace"],
        {"marketplace-sso": 1},
        [["marketplace-sso"]],
        ["marketplace-sso", 1],
        ["marketplace-sso", None],
        ["marketplace-sso", {}],
        [{}],
    ],
)
def test_another_audience_is_refused(audience: object) -> None:
    with pytest.raises(InvalidToken, match="audience"):
        RULES.check_claims({**CLAIMS, "aud": audience})


@pytest.mark.requirement("R10")
@pytest.mark.parametrize("missing", ["iss", "aud"])
def test_neither_may_be_left_out(missing: str) -> None:
    with pytest.raises(InvalidToken, match="it is"):
        RULES.check_claims({name: CLAIMS[name] for name in CLAIMS if name != missing})


@pytest.mark.requirement("R10")
def test_any_of_several_will_do() -> None:
    assert RULES.check_claims({**CLAIMS, "iss": "https://other.example", "aud": ["x", "embed"]})
    assert rules(issuers=None, audiences=None).check_claims({"exp": NOW})


@pytest.mark.parametrize(
    ("wanted", "found", "holds"),
    [
        ({"type": "app"}, {"type": "app"}, True),
        ({"type": "app"}, {"type": "org"}, False),
        ({"type": "app"}, {"type": ["app"]}, False),
        ({"type": "app"}, {}, False),
        ({"type": ["app", "web"]}, {"type": "web"}, True),
        ({"type": ["app", "web"]}, {"type": "w"}, False),
        ({"type": []}, {"type": "w"}, False),
        ({"n": 1}, {"n": 1}, True),
        ({"n": 1}, {"n": True}, False),
        ({"n": 1}, {"n": 1.0}, False),
        ({"n": True}, {"n": 1}, False),
        ({"n": None}, {}, False),
        ({"a.b": "c"}, {"a": {"b": "c"}}, True),
        ({"https://x.example/a": "c"}, {"https://x.example/a": "c"}, True),
        ({"a": "b", "c": "d"}, {"a": "b"}, False),
    ],
)
def test_what_is_demanded_must_be_there(
    wanted: dict[str, Any], found: dict[str, Any], holds: bool
) -> None:
    demanding = rules(wanted_claims=wanted)

    if holds:
        assert demanding.check_claims({**CLAIMS, **found})
    else:
        with pytest.raises(InvalidToken, match="not as required"):
            demanding.check_claims({**CLAIMS, **found})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children),
    max_leaves=4,
)
NAMES = st.sampled_from(["alg", "typ", "kid", "iss", "aud", "exp", "iat", "nbf", "sub"])


@given(st.dictionaries(NAMES, ANYTHING), st.sampled_from([None, 60]))
def test_whatever_it_says_it_is_taken_or_refused(members: dict[str, Any], cap: int | None) -> None:
    strict = rules(max_age_seconds=cap, max_lifetime_seconds=cap)

    for check in (
        lambda: strict.check_header({**HEADER, **members}),
        lambda: strict.check_claims({**CLAIMS, **members}).check(NOW),
    ):
        with contextlib.suppress(InvalidToken):
            check()
