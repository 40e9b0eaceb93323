import base64
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog

from app.authenticators.headers.engine import TrustedHeaders
from app.errors import AuthenticatorUnavailable
from app.identity import Identity
from app.main import STATUS
from app.resources.texts import TEXTS
from app.telemetry import logs
from app.telemetry.sink import Sink
from tests.in_process import Client, MakeClient, token_of, vendor_reads
from tests.samples import ADA, APIFUSE, NOW, PANDIUM, PANDIUM_SECRET, PROXY

LOGIN = {
    "SSO_LOGIN_URL": "https://login.acme.example/in?app=1",
    "SSO_PUBLIC_URL": "https://app.acme.example/",
    "SSO_HOST_ORIGINS": "https://app.acme.example,https://b.acme.example",
}
PAGE = {"Accept": "text/html,*/*", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {**PAGE, "Sec-Fetch-Dest": "iframe"}
SCRIPT = {"Accept": "*/*", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
INTEGRATIONS = '{"1121": {"connector_name": "gwt", "integration_name": "gwt2hs"}}'


@pytest.fixture
def service(client: MakeClient) -> Client:
    return client(PROXY, PANDIUM, LOGIN, PANDIUM_INTEGRATIONS=INTEGRATIONS)


def test_a_signed_in_user_arrives_in_the_marketplace(service: Client) -> None:
    answer = service.simulate_get(
        "/pandium-sso", query_string="display=settings&integration_id=1121&x=1", headers=ADA
    )

    location = answer.headers["location"]
    assert answer.status_code == 307
    assert answer.content == b""
    assert "content-type" not in answer.headers
    assert location.startswith(
        "https://imp.pandium.io/acme?display=settings&integration_id=1121&tenant="
    )
    assert vendor_reads(token_of(location), PANDIUM_SECRET)["iat"] == int(NOW) - 5


def test_a_script_gets_the_address_as_json(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers={**ADA, "Accept": "application/json"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json) == {"url", "origin", "expires_at"}
    assert answer.json["origin"] == "https://imp.pandium.io"
    assert answer.json["expires_at"] is None
    assert vendor_reads(token_of(answer.json["url"]), PANDIUM_SECRET)["sub"] == "ada@acme.example"


def test_a_script_is_told_when_the_token_ends(client: MakeClient) -> None:
    service = client(PROXY, APIFUSE)

    answer = service.simulate_get("/apifuse-sso", headers={**ADA, "Accept": "application/json"})

    assert answer.json["expires_at"] == int(NOW) + 300


@pytest.mark.parametrize("headers", [PAGE, {"Accept": "text/html"}])
def test_a_signed_out_page_is_sent_to_the_login_and_back(
    service: Client, headers: dict[str, str]
) -> None:
    answer = service.simulate_get(
        "/pandium-sso/install/1121", query_string="display=list&evil=1", headers=headers
    )

    assert answer.status_code == 302
    assert answer.content == b""
    parts = urlsplit(answer.headers["location"])
    assert parts[:3] == ("https", "login.acme.example", "/in")
    assert parse_qs(parts.query) == {
        "app": ["1"],
        "rd": [
            "https://app.acme.example/pandium-sso/install/1121?display=list&sso_attempt=1800000000"
        ],
    }


@pytest.mark.parametrize(
    ("path", "query"), [("/pandium-sso/install/..%5c", ""), ("/pandium-sso", "display=%00")]
)
def test_a_login_does_not_lead_back_to_a_damaged_address(
    service: Client, path: str, query: str
) -> None:
    answer = service.simulate_get(path, query_string=query, headers=PAGE)

    assert answer.headers["location"] == "https://login.acme.example/in?app=1"


def test_a_signed_out_frame_gets_a_page_and_no_redirect(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers=FRAME)

    assert answer.status_code == 401
    assert "location" not in answer.headers
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'target="_top"' in answer.text
    assert "https://login.acme.example/in?app=1&amp;rd=" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        SCRIPT,
        {},
        {"Accept": "application/json"},
        {**PAGE, "Accept": "application/json"},
        {**PAGE, "Sec-Fetch-Mode": "navigate, navigate"},
    ],
)
def test_a_signed_out_script_gets_problem_details(service: Client, headers: dict[str, str]) -> None:
    answer = service.simulate_get("/pandium-sso", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == {
        "title": "Unauthorized",
        "status": 401,
        "detail": "You are not signed in, or your session has ended.",
        "code": "no_session",
        "request_id": answer.headers["x-request-id"],
        "login_url": "https://login.acme.example/in?app=1"
        "&rd=https%3A%2F%2Fapp.acme.example%2Fpandium-sso%3Fsso_attempt%3D1800000000",
        "return_parameter": "rd",
    }


@pytest.mark.requirement("R40")
def test_a_page_tells_its_code_to_the_host_origins_only(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers=FRAME)

    assert 'data-code="no_session"' in answer.text
    assert 'data-origins="https://app.acme.example https://b.acme.example"' in answer.text
    assert "postMessage(" in answer.text
    assert '"*"' not in answer.text


def test_without_a_login_a_page_says_so(client: MakeClient) -> None:
    answer = client().simulate_get("/pandium-sso", headers=PAGE)

    assert answer.status_code == 401
    assert "Please sign in" in answer.text
    assert "<a " not in answer.text


def outcome(status: int) -> tuple[str, dict[str, str]]:
    """Give a path and headers that end with this status."""
    damaged = {**ADA, "X-Forwarded-User": "a,b"}
    no_email = {"X-Forwarded-User": "u-17"}
    return {
        400: ("/pandium-sso?display=a&display=b", ADA),
        401: ("/pandium-sso", damaged),
        403: ("/pandium-sso", no_email),
        404: ("/pandium-sso/install/9", ADA),
        500: (f"/pandium-sso?integration_id={'a' * 200}&display={'b' * 200}", ADA),
    }[status]


@pytest.mark.parametrize("asker", [PAGE, FRAME, SCRIPT], ids=["page", "frame", "script"])
@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_other_refusals_never_lead_to_a_login(
    client: MakeClient, status: int, asker: dict[str, str]
) -> None:
    service = client(
        PROXY,
        PANDIUM,
        LOGIN,
        PANDIUM_INTEGRATIONS=INTEGRATIONS,
        SSO_MAX_LOCATION_BYTES="700",
    )
    path, headers = outcome(status)

    answer = service.simulate_get(path, headers={**headers, **asker})

    assert answer.status_code == status
    assert "location" not in answer.headers
    assert "login.acme.example" not in answer.text
    assert ("json" in answer.headers["content-type"]) == (asker is SCRIPT)


@pytest.mark.requirement("R14")
def test_every_bad_credential_gets_the_same_body(service: Client) -> None:
    bodies = set()
    for user in ("a,b", "a\tb", "a" * 600):
        answer = service.simulate_get(
            "/pandium-sso", headers={**ADA, **SCRIPT, "X-Forwarded-User": user}
        )
        body = answer.json
        del body["request_id"]
        bodies.add((answer.status_code, json.dumps(body)))

    assert len(bodies) == 1


def test_a_missing_claim_is_named(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers={"X-Forwarded-User": "u-17"})

    assert (answer.status_code, answer.json["code"], answer.json["claim"]) == (
        403,
        "missing_claim",
        "sub",
    )


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("status", [200, 302, 307, 400, 401, 403, 404, 405, 500])
def test_every_answer_has_its_headers(client: MakeClient, status: int) -> None:
    service = client(
        PROXY,
        PANDIUM,
        LOGIN,
        PANDIUM_INTEGRATIONS=INTEGRATIONS,
        SSO_MAX_LOCATION_BYTES="700",
    )
    if status == 405:
        answer = service.simulate_post("/pandium-sso", headers=ADA)
    elif status in {302, 307, 200}:
        headers = {302: PAGE, 307: ADA, 200: {**ADA, "Accept": "application/json"}}[status]
        answer = service.simulate_get("/pandium-sso", headers=headers)
    else:
        path, headers = outcome(status)
        answer = service.simulate_get(path, headers=headers)

    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Sec-Fetch-Mode" in answer.headers["vary"]
    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    assert "set-cookie" not in answer.headers
    assert answer.headers["server"] == "marketplace-sso"


@pytest.mark.requirement("R37")
def test_a_page_runs_and_shows_only_what_is_hashed(service: Client) -> None:
    answer = service.simulate_get("/pandium-sso", headers=FRAME)

    policy = dict(
        directive.strip().split(" ", 1)
        for directive in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "https://app.acme.example https://b.acme.example"
    for element, directive in (("style", "style-src"), ("script", "script-src")):
        found = re.findall(f"<{element}>(.*?)</{element}>", answer.text, re.DOTALL)
        hashes = [
            base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in found
        ]
        expected = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
        assert policy[directive] == expected
    assert "style=" not in answer.text
    assert not re.search(r"\son\w+=", answer.text)


METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO"]


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("method", ["HEAD", *METHODS])
@pytest.mark.parametrize("path", ["/pandium-sso", "/pandium-sso/install/1121"])
def test_only_get_signs_on(
    service: Client, method: str, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = service.simulate_request(
        method, path, headers={**ADA, "X-Http-Method-Override": "GET"}
    )

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert "location" not in answer.headers
    assert "sign_on" not in capsys.readouterr().out


@pytest.mark.requirement("R31", "R55")
@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/version"])
def test_a_probe_is_answered_to_get_and_head(service: Client, path: str) -> None:
    get, head = (service.simulate_request(method, path) for method in ("GET", "HEAD"))

    assert (get.status_code, head.status_code) == (200, 200)
    assert get.text
    assert head.text == ""
    for name in ("content-type", "cache-control", "x-content-type-options"):
        assert head.headers[name] == get.headers[name]
    for method in METHODS:
        answer = service.simulate_request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.requirement("R23")
def test_nothing_is_built_from_what_a_proxy_may_say(service: Client) -> None:
    forwarded = {
        "Host": "evil.example",
        "Forwarded": "for=1.2.3.4;host=evil.example;proto=http",
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "/evil",
        "X-Original-URL": "/livez",
        "X-Rewrite-URL": "/livez",
    }

    plain = service.simulate_get("/pandium-sso", headers=PAGE)
    with_them = service.simulate_get("/pandium-sso", headers={**PAGE, **forwarded})

    assert plain.status_code == with_them.status_code == 302
    assert plain.headers["location"] == with_them.headers["location"]


@pytest.mark.requirement("R34")
def test_only_mapped_claims_leave(client: MakeClient) -> None:
    payload = base64.b64encode(
        json.dumps({"sub": "u", "email": "a@b.example", "ssn": "078-05-1120"}).encode()
    ).decode()
    service = client(
        PANDIUM, SSO_AUTHENTICATORS="kong-oidc", AUTH_KONG_OIDC_TRUSTED_PROXIES="127.0.0.1"
    )

    answer = service.simulate_get("/pandium-sso", headers={"X-Userinfo": payload})

    claims = vendor_reads(token_of(answer.headers["location"]), PANDIUM_SECRET)
    assert set(claims) == {"iat", "jti", "sub", "external_id", "ti"}


Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def json_logs() -> Iterator[Lines]:
    """Give all log lines that there are so far."""
    end, beginning = os.pipe()
    root = logging.getLogger()
    before = root.handlers, root.level
    logs.configure("debug", "json", Sink(beginning))
    yield lambda: [json.loads(line) for line in os.read(end, 1 << 16).splitlines()]
    structlog.reset_defaults()
    root.handlers, root.level = before


@pytest.mark.requirement("R46", "R45")
def test_a_sign_on_is_one_line_without_the_token(json_logs: Lines, service: Client) -> None:
    started = time.perf_counter()
    answer = service.simulate_get("/pandium-sso", query_string="display=x", headers=ADA)
    passed_us = (time.perf_counter() - started) * 1e6

    (line,) = json_logs()
    token = token_of(answer.headers["location"])
    assert line["event"] == "sign_on"
    assert line["peer"] == "127.0.0.1"
    assert line["destination"] == "pandium"
    assert line["page"] == "marketplace"
    assert line["authenticator"] == "oauth2-proxy"
    assert line["jti"] == vendor_reads(token, PANDIUM_SECRET)["jti"]
    assert line["status"] == 307
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["subject"] == "90a6073647bdac68"  # printf %s u-17 | b2sum -l 64
    assert 0 < line["duration_us"] < passed_us
    for hidden in ("u-17", "ada@", token, token.split(".")[1], "display", PANDIUM_SECRET):
        assert hidden not in json.dumps(line)


@pytest.mark.requirement("R46")
def test_a_refusal_is_one_line_with_its_reason(json_logs: Lines, service: Client) -> None:
    service.simulate_get("/pandium-sso", headers={**ADA, "X-Forwarded-User": "a,b"})

    (line,) = json_logs()
    assert (line["event"], line["level"]) == ("refusal", "warning")
    assert (line["code"], line["reason"]) == ("invalid_session", "an id has a comma")
    assert line["subject"] is None


@pytest.mark.requirement("R45", "R14")
def test_a_mistake_of_ours_says_where_and_not_what(
    client: MakeClient, json_logs: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("quoting ada@acme.example")

    service = client()
    monkeypatch.setattr("app.destinations.destination.sign", broken)

    answer = service.simulate_get("/pandium-sso", headers=ADA)

    fault, refusal = json_logs()
    assert answer.status_code == 500
    assert answer.json["code"] == "internal_error"
    assert fault["error"] == refusal["reason"] == "RuntimeError"
    assert re.search(r"test_refusals\.py:\d+$", fault["at"][-1])
    assert "quoting" not in json.dumps([fault, refusal]) + answer.text


def test_every_error_has_its_words() -> None:
    codes = {error.code for error in STATUS}

    assert codes <= set(TEXTS)


def test_an_unavailable_authenticator_says_when_to_come_back(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_self: object, _request: object) -> Identity:
        raise AuthenticatorUnavailable("down", retry_after_seconds=7)

    monkeypatch.setattr(TrustedHeaders, "__call__", down)
    answer = client(PROXY, PANDIUM, LOGIN).simulate_get("/pandium-sso", headers=PAGE)

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert '<a href="">Try again</a>' in answer.text
    assert "location" not in answer.headers


@pytest.mark.requirement("R42")
@pytest.mark.parametrize("fields", [1, 2, 40])
def test_too_many_header_bytes_are_refused(service: Client, fields: int) -> None:
    def of_size(size: int) -> dict[str, str]:
        return {f"x-{n}": "a" * (size // fields) for n in range(fields)}

    fitting = service.simulate_get("/pandium-sso", headers={**ADA, **of_size(31_000)})
    too_many = service.simulate_get("/pandium-sso", headers={**ADA, **of_size(33_000)})

    assert fitting.status_code == 307
    assert (too_many.status_code, too_many.json["code"]) == (431, "headers_too_large")
    assert too_many.headers["cache-control"] == "no-store"


@pytest.mark.requirement("R43")
@pytest.mark.parametrize(
    "path",
    ["//pandium-sso", "/pandium-sso//install/1121", "/%2fpandium-sso", "/pandium-sso%2Finstall/1"],
)
def test_a_path_that_a_proxy_may_have_read_as_another_is_none(service: Client, path: str) -> None:
    answer = service.simulate_get(path, headers=ADA)

    assert answer.status_code == 404
