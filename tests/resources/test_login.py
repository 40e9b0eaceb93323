"""A login is tried once: whoever comes back from it without a session is told so."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.resources.login import ATTEMPT_SECONDS, Login
from tests.in_process import Client, Load, MakeClient, problems
from tests.samples import ADA, APIFUSE, NOW, PANDIUM, PROXY

LOGIN = {
    "SSO_LOGIN_URL": "https://login.acme.example/in",
    "SSO_PUBLIC_URL": "https://app.acme.example/tools/",
    "SSO_HOST_ORIGINS": "https://app.acme.example",
}
PAGE = {"Accept": "text/html,*/*", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {**PAGE, "Sec-Fetch-Dest": "iframe"}
SCRIPT = {"Accept": "application/json", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
MARK = f"sso_attempt={int(NOW)}"
STRANGE_SESSION = {**ADA, "X-Forwarded-User": "a,b"}
INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'


@pytest.fixture
def service(client: MakeClient) -> Client:
    return client(
        PROXY,
        PANDIUM,
        APIFUSE,
        LOGIN,
        PANDIUM_INTEGRATIONS=INTEGRATIONS,
        APIFUSE_ANONYMOUS="redirect",
    )


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("path", ["/pandium-sso", "/pandium-sso/install/1121"])
@pytest.mark.parametrize("session", [{}, STRANGE_SESSION], ids=["none", "not believed"])
def test_who_comes_back_from_the_login_without_a_session_is_not_sent_there_again(
    service: Client, path: str, session: dict[str, str]
) -> None:
    first = service.simulate_get(path, query_string="display=list", headers={**session, **PAGE})
    (back,) = parse_qs(urlsplit(first.headers["location"]).query)["rd"]
    assert back == f"https://app.acme.example/tools{path}?display=list&{MARK}"

    query = urlsplit(back).query
    second = service.simulate_get(path, query_string=query, headers={**session, **PAGE})

    assert first.status_code == 302
    assert second.status_code == 401
    assert "location" not in second.headers
    assert "login.acme.example" not in second.text
    assert "You are still signed out" in second.text
    assert second.headers["x-request-id"] in second.text
    assert f'data-code="{"invalid_session" if session else "no_session"}"' in second.text
    again = f'<a href="https://app.acme.example/tools{path}?display=list" target="_top">'
    assert f"{again}Try again</a>" in second.text


@pytest.mark.requirement("R56")
def test_a_frame_with_the_mark_has_no_link_to_the_login_either(service: Client) -> None:
    first = service.simulate_get("/pandium-sso", headers=FRAME)
    assert f"rd=https%3A%2F%2Fapp.acme.example%2Ftools%2Fpandium-sso%3F{MARK}" in (
        first.text.replace("%3D", "=")
    )

    second = service.simulate_get("/pandium-sso", query_string=MARK, headers=FRAME)

    assert second.status_code == 401
    assert "login.acme.example" not in second.text
    assert '<a href="https://app.acme.example/tools/pandium-sso" target="_top">' in second.text


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("path", ["/pandium-sso", "/pandium-sso/session"])
def test_a_script_that_comes_back_is_told_no_login(service: Client, path: str) -> None:
    first = service.simulate_get(path, headers=SCRIPT)
    second = service.simulate_get(path, query_string=MARK, headers=SCRIPT)

    assert MARK in first.json["login_url"].replace("%3D", "=")
    assert (second.status_code, second.json["code"]) == (401, "no_session")
    assert not {"login_url", "return_parameter"} & second.json.keys()
    assert second.json["detail"].startswith("You have just signed in")


@pytest.mark.requirement("R56")
def test_a_visitor_who_comes_back_to_a_listing_browses_and_is_told_no_login(
    service: Client,
) -> None:
    path = "/apifuse-sso/listing/hubspot/session"
    first = service.simulate_get(path, headers=SCRIPT)
    second = service.simulate_get(path, query_string=MARK, headers=SCRIPT)

    assert MARK in first.json["login_url"].replace("%3D", "=")
    assert second.json["authenticated"] is False
    assert "login_url" not in second.json


@pytest.mark.requirement("R56")
@pytest.mark.parametrize(
    ("path", "query"), [("/pandium-sso/install/..%5c", ""), ("/pandium-sso", "display=%00&")]
)
def test_a_damaged_address_is_not_opened_once_more(service: Client, path: str, query: str) -> None:
    answer = service.simulate_get(path, query_string=query + MARK, headers=PAGE)

    assert answer.status_code == 401
    assert "You are still signed out" in answer.text
    assert "<a " not in answer.text


@pytest.mark.parametrize(
    ("age", "sent"),
    [(0, False), (59, False), (60, True), (61, True), (-1, False), (-59, False), (-3600, True)],
)
@pytest.mark.requirement("R56")
def test_the_mark_holds_for_a_minute(service: Client, age: int, sent: bool) -> None:
    mark = f"sso_attempt={int(NOW) - age}"

    answer = service.simulate_get("/pandium-sso", query_string=mark, headers=PAGE)

    assert answer.status_code == (302 if sent else 401)


IGNORED = [
    "",
    "0",
    "-1800000000",
    "+1800000000",
    " 1800000000",
    "1800000000.0",
    "1.8e9",
    "0x6b49d200",
    "01800000000",
    "1_800_000_000",
    "%D9%A1%D9%A8%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0%D9%A0",
    "9" * 12,
    "9" * 5000,
    "1800000000%00",
    "1800000000&sso_attempt=1800000000",
    "1800000000&sso%5Fattempt=1",
    "true",
    "NaN",
    "1800000000%0d%0aLocation:x",
]


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("mark", IGNORED, ids=range(len(IGNORED)))
def test_a_mark_that_the_service_does_not_write_is_ignored(service: Client, mark: str) -> None:
    answer = service.simulate_get("/pandium-sso", query_string=f"sso_attempt={mark}", headers=PAGE)

    assert answer.status_code == 302
    (back,) = parse_qs(urlsplit(answer.headers["location"]).query)["rd"]
    assert back.endswith(f"/pandium-sso?{MARK}")


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("mark", [MARK, "sso_attempt=x", f"{MARK}&{MARK}"])
@pytest.mark.parametrize("path", ["/pandium-sso", "/apifuse-sso/listing/hubspot"])
def test_the_mark_reaches_no_vendor_and_keeps_nobody_out(
    service: Client, path: str, mark: str
) -> None:
    answer = service.simulate_get(path, query_string=mark, headers={**ADA, **PAGE})

    assert answer.status_code == 307
    assert "sso_attempt" not in answer.headers["location"]


@pytest.mark.requirement("R56")
def test_without_a_login_the_mark_says_nothing(client: MakeClient) -> None:
    plain, marked = (
        client().simulate_get("/pandium-sso", query_string=query, headers=PAGE)
        for query in ("", MARK)
    )

    for answer in (plain, marked):
        assert answer.status_code == 401
        assert "Please sign in" in answer.text


@pytest.mark.requirement("R56")
@pytest.mark.parametrize("session", [{}, STRANGE_SESSION], ids=["none", "not believed"])
def test_the_log_has_the_reason_and_that_the_login_was_tried(
    service: Client, session: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    def reason(query: str) -> str:
        service.simulate_get("/pandium-sso", query_string=query, headers={**session, **PAGE})
        out = capsys.readouterr().out
        return str(out.rpartition("reason")[2])

    first, second = reason(""), reason(MARK)

    assert "the login was tried" not in first
    assert "the login was tried" in second
    assert ("an id has a comma" if session else "no authenticator found") in second


@pytest.mark.requirement("R56")
def test_a_row_cannot_take_the_mark_for_a_parameter(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "rows.toml"
    file.write_text(
        '[acme]\naddress = "https://vendor.example"\nparameter = "jwt"\n'
        "parameters = { sso_attempt = {} }\n"
        'claims = { iat = "{issued_at}", sub = "{subject}" }\n'
    )

    found = problems(
        load,
        PROXY,
        SSO_DESTINATIONS_FILE=str(file),
        DESTINATION_ACME_KEY="k-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG",
    )

    assert json.dumps(found).count("is the service's own mark of a login; rename it") == 1


@pytest.mark.requirement("R56")
@given(st.text(max_size=60), st.integers(-(10**14), 10**14))
def test_no_mark_keeps_anyone_from_the_login_for_more_than_a_minute(text: str, mark: int) -> None:
    clock = [NOW]
    login = Login("https://in.example", "rd", "https://app.example", lambda: clock[0])

    for query in (f"sso_attempt={mark}", f"sso_attempt={text}", text):
        clock[0] = NOW
        if login.was_tried(query):
            clock[0] = NOW + ATTEMPT_SECONDS
            assert not login.was_tried(query)


@pytest.mark.requirement("R56")
def test_pandium_cannot_be_forwarded_the_mark(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, PANDIUM_FORWARD_PARAMETERS="display,sso_attempt")

    assert "the service's own; remove it" in found["PANDIUM_FORWARD_PARAMETERS"]
