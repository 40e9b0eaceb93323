import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.authenticators.claim_values import LATEST
from app.authenticators.jwt.rules import Rules
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
@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"])
@pytest.mark.parametrize("value", [None, "", {}, [], "http://127.0.0.1/", True])
def test_keys_of_its_own_are_not_looked_at(name: str, value: object) -> None:
    assert RULES.check_header({**HEADER, name: value}) == ("ES256", "key-1")


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("name", ["crit", "b64", "zip"])
@pytest.mark.parametrize("value", [None, "", {}, [], "http://127.0.0.1/", True])
def test_rules_of_its_own_are_refused(name: str, value: object) -> None:
    with pytest.raises(InvalidToken, match="of its own"):
        RULES.check_header({**HEADER, name: value})


@pytest.mark.requirement("R7")
@pytest.mark.parametrize("key_id", ["k" * 513, None, 1, 1.5, True, [], ["key-1"], {}])
def test_a_name_that_is_no_string_or_too_long_is_refused(key_id: object) -> None:
    with pytest.raises(InvalidToken, match="valid name"):
        RULES.check_header({**HEADER, "kid": key_id})


@pytest.mark.requirement("R7")
@pytest.mark.parametrize(
    "key_id",
    [
        *("", " ", "a", "key-1", "a b", "k" * 512, "é", "../key", "http://x/", "file:///dev/null"),
        *("public:hydra.openid.id-token", "wU3ifIIaLOUAReRB/FG6eM1P1QM=", "a\x00b", "\ud800"),
    ],
)
def test_any_other_string_is_a_name(key_id: str) -> None:
    assert RULES.check_header({**HEADER, "kid": key_id})[1] == key_id


@pytest.mark.requirement("R12")
@pytest.mark.parametrize(
    "token_type",
    [
        "at+jwt",
        "logout+jwt",
        "application/at+jwt",
        "application/application/jwt",
        "text/jwt",
        "dpop+jwt",
        "secevent+jwt",
        "kb+jwt",
        "JOSE",
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
    access_tokens = rules(token_types=frozenset({"at+jwt"}))

    assert RULES.check_header({"alg": "ES256"})
    for name in ("JWT", "jwt", "Jwt", "application/jwt", "APPLICATION/JWT"):
        assert RULES.check_header({**HEADER, "typ": name})
    for name in ("at+jwt", "AT+JWT", "application/at+jwt"):
        assert access_tokens.check_header({**HEADER, "typ": name})
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


@pytest.mark.requirement("R33", "R67")
@pytest.mark.parametrize(
    ("claims", "ends"),
    [
        ({"exp": NOW + 60}, NOW + 60),
        ({"exp": NOW + 60.9}, NOW + 60),
        ({"exp": NOW + 60, "iat": NOW}, NOW + 60),
        ({"exp": NOW + 600, "iat": NOW}, NOW + 100),
        ({"exp": NOW + 600, "iat": NOW - 99.5}, NOW),
    ],
)
def test_a_session_ends_without_the_leeway_and_with_its_age(
    claims: dict[str, Any], ends: int
) -> None:
    aged = rules(max_age_seconds=100 if "iat" in claims else None)

    assert aged.check_claims({**CLAIMS, **claims}).expires_at == ends


@pytest.mark.requirement("R64")
def test_a_reason_has_what_was_found_what_was_wanted_and_the_variable() -> None:
    told = rules(prefix="AUTH_CORP_", wanted_claims={"type": "app"})
    header, claims = (
        {**HEADER, "typ": "logout+jwt"},
        {**CLAIMS, "iss": "https://evil\u202e.example"},
    )

    for call, words in (
        (lambda: told.check_header({**HEADER, "alg": "HS256"}), ["'HS256'", "'ES256', 'RS256'"]),
        (lambda: told.check_header({**HEADER, "alg": "HS256"}), ["AUTH_CORP_ALGORITHMS"]),
        (lambda: told.check_header(header), ["'logout+jwt'", "'jwt'", "AUTH_CORP_TOKEN_TYPE"]),
        (lambda: told.check_claims(claims), [r"'https://evil\u202e.example'", "AUTH_CORP_ISSUER"]),
        (lambda: told.check_claims({**CLAIMS, "aud": ["x", "y"]}), ["'x', 'y'", "AUTH_CORP_AUDIE"]),
        (
            lambda: told.check_claims({**CLAIMS, "aud": "a" * 9999}),
            ["aa…'", "'marketplace-sso'"],  # a long value is cut
        ),
        (lambda: told.check_claims({**CLAIMS, "type": "x"}), ["type", "AUTH_CORP_REQUIRED_CLAIMS"]),
    ):
        with pytest.raises(InvalidToken) as refused:
            call()
        reason = str(refused.value)
        assert all(word in reason for word in words), reason
        assert reason.isprintable()
        assert len(reason) < 400


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
