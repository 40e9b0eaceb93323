"""`renew` of a row: which messages are allowed, and what browsers are told."""

from typing import Any

import pytest

from tests.destinations.sample_rows import KEY, SHORT, Rows
from tests.in_process import Load, MakeClient, problems, token_of
from tests.samples import ADA, NOW, PROXY

RENEW = "renew = { message = { type = 'ask' }, answer = { type = 'have', token = '{token}' } }\n"
TOLD = {
    "origin": "https://x.example",
    "message": {"type": "ask"},
    "answer": {"type": "have", "token": "{token}"},
}
ORIGIN = "rows.toml [x] renew.origin"


def renew(more: str = "", message: str = "'ask'", answer: str = "'{token}'") -> str:
    return f"{SHORT}renew = {{ message = {message}, answer = {answer}{more} }}\n"


def test_a_page_learns_which_message_is_answered_and_no_token(
    client: MakeClient, rows: Rows
) -> None:
    service = client(PROXY, rows(SHORT + RENEW), KEY)

    answer = service.simulate_get("/x-sso/session", headers=ADA)

    assert answer.json["renew"] == TOLD
    assert "eyJ" not in answer.text


def test_a_script_gets_the_token_by_itself(client: MakeClient, rows: Rows) -> None:
    lived = "lifetime_seconds = 60\nclaims = { exp = '{expires_at}' }\n"
    service = client(PROXY, rows(SHORT + lived + RENEW), KEY)

    answer = service.simulate_get("/x-sso", headers={**ADA, "Accept": "application/json"}).json

    assert answer["renew"] == TOLD
    assert answer["token"] == token_of(answer["url"], "jwt")
    assert answer["expires_at"] == int(NOW) + 60


def test_a_form_has_it_too_and_sends_it_nowhere(client: MakeClient, rows: Rows) -> None:
    service = client(PROXY, rows(f"{SHORT}delivery = 'form'\n{RENEW}"), KEY)

    told = service.simulate_get("/x-sso", headers={**ADA, "Accept": "application/json"}).json
    form = service.simulate_get("/x-sso", headers=ADA)

    assert told["token"] == told["parameters"]["jwt"]
    assert form.text.count("eyJ") == 1


def test_without_it_nothing_is_added(client: MakeClient, rows: Rows) -> None:
    service = client(PROXY, rows(SHORT), KEY)

    told = service.simulate_get("/x-sso", headers={**ADA, "Accept": "application/json"}).json
    session = service.simulate_get("/x-sso/session", headers=ADA).json

    assert told.keys() == {"url", "origin", "expires_at"}
    assert "renew" not in session


def test_each_page_is_asked_from_its_own_origin_or_from_the_one_that_is_named(
    client: MakeClient, rows: Rows
) -> None:
    pages = "[x.pages.two]\npath = 'two'\naddress = 'https://two.example:8443/a'\n"
    own = client(PROXY, rows(SHORT + RENEW + pages), KEY)
    named = client(PROXY, rows(renew(", origin = 'https://app.x.example'") + pages), KEY)

    def origin(service: Any, path: str) -> str:
        told = service.simulate_get(f"{path}/session", headers=ADA).json
        return str(told["renew"]["origin"])

    assert origin(own, "/x-sso") == "https://x.example"
    assert origin(own, "/x-sso/two") == "https://two.example:8443"
    assert origin(named, "/x-sso/two") == "https://app.x.example"


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("*", "not an exact origin"),
        ("null", "not an exact origin"),
        ("https://*.x.example", "not an exact origin"),
        ("http://x.example", "plain http"),
        ("https://x.example/", "write https://x.example"),
        ("https://x.example/app", "write https://x.example"),
        ("https://x.example:443", "write https://x.example"),
        ("https://X.example", "no valid host|write https://x.example"),
        ("https://u@x.example", "user information"),
        ("x.example", "not an absolute address"),
        ("javascript:alert(1)", "not an absolute address"),
        ("", "not an absolute address"),
    ],
)
def test_an_origin_that_is_not_exact_is_a_problem(
    load: Load, rows: Rows, origin: str, words: str
) -> None:
    found = problems(load, PROXY, rows(renew(f", origin = '{origin}'")), KEY)

    assert any(word in found[ORIGIN] for word in words.split("|")), found


@pytest.mark.requirement("R66")
@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (renew(message="''"), "renew.message", "neither a text nor a table"),
        (renew(message="{}"), "renew.message", "neither a text nor a table"),
        (renew(message="7"), "renew.message", "neither a text nor a table"),
        (renew(message="['ask']"), "renew.message", "neither a text nor a table"),
        (renew(message="{ at = 2026-11-26 }"), "renew.message.at", "date of TOML"),
        (renew(message="{ a = [nan] }"), "renew.message.a.0", "not a finite number"),
        (renew(answer="{}"), "renew.answer", "neither a text nor a table"),
        (renew(answer="true"), "renew.answer", "neither a text nor a table"),
        (renew(answer="{ t = '{token}', n = inf }"), "renew.answer.n", "not a finite number"),
        (renew(answer="{ t = '{token}', e = '{email}' }"), "renew.answer", "email"),
        (renew(answer="'{key}{token}'"), "renew.answer", "key"),
        (renew(answer="'{token'"), "renew.answer", "single '{'"),
        (renew(answer="{ t = ['{token|url}'] }"), "renew.answer", "plain names only"),
        (renew(answer="'{token}{expires_at-60}'"), "renew.answer", "plain names only"),
        (renew(answer="'{token}{expires_at:%Y}'"), "renew.answer", "plain names only"),
        (renew(answer="'{{token}}'"), "renew.answer", "neither {token} nor {url}"),
        (renew(answer="{ t = 'x', u = '{expires_at}', n = 1 }"), "renew.answer", "neither {token}"),
        (renew(", orign = 'https://x.example'"), "renew.orign", "not a known key"),
        (f"{SHORT}renew = 'ask'", "renew", ""),
        (f"{SHORT}renew = {{ message = 'ask' }}", "renew.answer", "required"),
        (f"{SHORT}renew = {{ answer = '{{token}}' }}", "renew.message", "required"),
        (f"{SHORT}delivery = 'json'\n{RENEW}", "renew", "does not fill"),
    ],
)
def test_a_message_or_an_answer_that_cannot_be_is_a_problem(
    load: Load, rows: Rows, text: str, key: str, words: str
) -> None:
    found = problems(load, PROXY, rows(text), KEY)

    assert words in found[f"rows.toml [x] {key}"], found
