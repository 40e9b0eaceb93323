from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.claims import MISSING, InvalidTemplate, compile_template, find

NAMES = (
    "subject",
    "email",
    "name",
    "groups",
    "number",
    "now",
    "expires_at",
    "claims.",
    "integration.",
)
VALUES = {
    "subject": "u-17",
    "email": None,
    "name": "",
    "groups": ["a", "b"],
    "number": 0,
    "now": 1_800_000_000,
    "expires_at": None,
    "claims": {"department": "sales", "deep": {"er": [1, True]}, "https://a.example/org": "o-1"},
    "integration": {},
}


def rendered(template: Any) -> Any:
    return compile_template(template, NAMES)(VALUES)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{subject}", "u-17"),
        ("{claims.department}", "sales"),
        ("{claims.deep.er}", [1, True]),
        ("{claims.deep}", {"er": [1, True]}),
        ("{claims.https://a.example/org}", "o-1"),
        ("{groups}", ["a", "b"]),
        ("{number}", 0),
        ("{email|name|subject}", "u-17"),
        ("{email | subject}", "u-17"),
        ("{email|groups}", ["a", "b"]),
        ("acme:{subject}:{claims.department}", "acme:u-17:sales"),
        ("verified: {claims.deep.er.1}", "verified: true"),
        ("in {groups}", 'in ["a", "b"]'),
        ("of {claims.deep}", 'of {"er": [1, true]}'),
        ("at {now}: {number}", "at 1800000000: 0"),
        ("{number}x", "0x"),
        ("{{subject}}", "{subject}"),
        ("{{{subject}}}", "{u-17}"),
        ("{now}", 1_800_000_000),
        ("{now-60}", 1_799_999_940),
        ("{now+60}", 1_800_000_060),
        ("{now:%Y-%m-%d %H:%M:%S}", "2027-01-15 08:00:00"),
        ("{now+1:%H:%M:%S}", "08:00:01"),
        ("{expires_at+5|now}", 1_800_000_000),
        ("until {now:%Y}", "until 2027"),
        ("{now:%FT%TZ}", "2027-01-15T08:00:00Z"),
        ("{now:%-d.%-m.%Y, 100 %%}", "15.1.2027, 100 %"),
        ("{now:100 %%, %Y}", "100 %, 2027"),
        ("plain", "plain"),
        ("", ""),
        (5, 5),
        (True, True),
        (False, False),
        (1.5, 1.5),
        (["{subject}", "{email}", 1], ["u-17", 1]),
        ({"a": {"b": "{subject}", "c": "{email}"}}, {"a": {"b": "u-17"}}),
    ],
)
def test_a_template_is_filled(template: Any, expected: Any) -> None:
    assert rendered(template) == expected


@pytest.mark.parametrize(
    "template",
    [
        "{expires_at}",
        "{expires_at+60:%Y}",
        "{email}",
        "{name}",
        "{email|name|claims.nothing}",
        "{claims.nothing}",
        "{claims.department.below}",
        "{integration.connector_name}",
        "x{email}",
        {"a": "{email}"},
        {"a": {"b": "{name}"}},
        {},
        ["{email}"],
        [],
        None,
    ],
)
def test_what_is_missing_drops_its_key(template: Any) -> None:
    assert rendered(template) is MISSING
    assert rendered({"kept": 1, "dropped": template}) == {"kept": 1}


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{emial}", "nothing provides {emial}; did you mean {email}?"),
        ({"user": {"email": "{emial}"}}, "user.email: nothing provides"),
        (["{x}"], "0: nothing provides {x}; there are"),
        ("{subject", "a single '{'"),
        ("subject}", "a single '}'"),
        ("{now:%Q}", "{now:%Q} is no time with a format"),
        ("{now:%Y-%}", "like {now:%Y-%m-%d}"),
        ("{now:%s}", "is no time with a format"),  # epoch seconds, wrong by the time zone
        ("{now:%%d}", "is no time with a format"),
        ("{now:100%%-d}", "is no time with a format"),
        ("{now:YYYY-MM-DD}", "like {now:%Y-%m-%d}"),
        ("{expires_at+60:}", "is no time with a format"),
        ("{claims.born:%Y}", "is no time with a format"),
        ("{}", "nothing provides {}"),
        ("{claims.}", "nothing provides {claims.}; there are"),
        ("{claims..x}", "nothing provides {claims..x}; there are"),
        ("{issued_at+1}", "nothing provides {issued_at+1}"),
        ("{now+}", "nothing provides {now+}"),
        ("{now:%Y\ud800}", "is no time with a format"),
        ("{now:%Y\0%m}", "is no time with a format"),
        ("{subject+1}", "nothing provides {subject+1}"),
        ("{subject|nobody}", "nothing provides {nobody}"),
        ("{subject.__class__}", "nothing provides"),
    ],
)
def test_a_template_that_could_never_be_filled_is_refused(template: Any, words: str) -> None:
    with pytest.raises(InvalidTemplate) as refused:
        compile_template(template, NAMES)

    assert words in str(refused.value)


@pytest.mark.requirement("R48")
def test_the_text_of_a_template_is_in_no_message() -> None:
    with pytest.raises(InvalidTemplate) as refused:
        compile_template({"apikey": "live-secret{"}, NAMES)

    assert "live-secret" not in str(refused.value)


@given(st.text())
def test_values_are_never_templates_themselves(text: str) -> None:
    template = compile_template("<{subject}>", NAMES)

    assert template({"subject": text or "{email}"}) == f"<{text or '{email}'}>"


def test_a_claim_is_found_by_its_dotted_path() -> None:
    claims = {"a": {"b": {"c": 0}}, "a.b": 1}

    assert find(claims, "a.b") == 1
    assert find(claims, "a.c") is MISSING
    assert find({"a": {"b": {"c": 0}}}, "a.b.c") == 0
