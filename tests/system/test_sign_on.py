"""The main job: a signed-in user arrives at the vendor with a token that says who it is."""

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .acme import (
    ADA,
    APIFUSE_SECRET,
    EMAIL,
    INTEGRATIONS,
    NAME,
    PANDIUM_SECRET,
    SCRIPT,
    SUBJECT,
)
from .service import Answer, Client, Service, request
from .vendor import Arrival, arrive

HS256_HEADER = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
PANDIUM_CLAIMS = {"iat", "jti", "sub", "external_id", "ti"}
CLOCK_SKEW_SECONDS = 5


def at_pandium(answer: Answer) -> Arrival:
    assert answer.status == 307, answer
    return arrive(answer["Location"], key=PANDIUM_SECRET, parameter="tenant")


def at_apifuse(answer: Answer) -> Arrival:
    assert answer.status == 307, answer
    return arrive(answer["Location"], key=APIFUSE_SECRET, parameter="jwt")


@pytest.mark.requirement("R31", "R32", "R34")
def test_a_signed_in_user_is_sent_to_the_marketplace_with_one_token_and_nothing_else(
    client: Client,
) -> None:
    answer = client.get("/pandium-sso", *ADA)

    assert answer.status == 307
    assert answer.body == b""
    assert answer["Content-Length"] == "0"
    assert re.fullmatch(
        r"https://imp\.pandium\.io/acme\?tenant=[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+#",
        answer["Location"],
    )


@pytest.mark.requirement("R34")
def test_pandium_gets_the_identity_and_nothing_more(client: Client) -> None:
    claims = at_pandium(client.get("/pandium-sso", *ADA)).claims

    assert claims.keys() == PANDIUM_CLAIMS
    assert claims["sub"] == EMAIL
    assert claims["external_id"] == SUBJECT
    assert claims["ti"] == {"udn": NAME, "ufn": NAME, "uem": EMAIL}


@pytest.mark.requirement("R33")
def test_a_token_is_dated_a_little_in_the_past_and_carries_no_end_unless_one_is_set(
    client: Client,
) -> None:
    before = int(time.time())
    claims = at_pandium(client.get("/pandium-sso", *ADA)).claims
    after = int(time.time())

    assert type(claims["iat"]) is int
    assert before - CLOCK_SKEW_SECONDS <= claims["iat"] <= after - CLOCK_SKEW_SECONDS
    assert "exp" not in claims
    assert "nbf" not in claims


@pytest.mark.requirement("R33")
def test_every_token_has_a_random_id_of_its_own(client: Client) -> None:
    ids = [at_pandium(client.get("/pandium-sso", *ADA)).claims["jti"] for _ in range(100)]

    assert len(set(ids)) == 100
    for text in ids:
        assert uuid.UUID(text).version == 4
        assert uuid.UUID(text).variant == uuid.RFC_4122
        assert str(uuid.UUID(text)) == text


@pytest.mark.requirement("R32", "R33", "R34")
@pytest.mark.parametrize("integration", INTEGRATIONS)
def test_installing_an_integration_names_it_in_the_extra_information(
    client: Client, integration: str
) -> None:
    arrival = at_pandium(client.get(f"/pandium-sso/install/{integration}", *ADA))

    assert arrival.address == f"https://imp.pandium.com/acme/tenants/create/{integration}"
    assert arrival.parameters == {}
    assert arrival.header == HS256_HEADER
    assert arrival.claims.keys() == PANDIUM_CLAIMS
    assert arrival.claims["ti"]["xti"] == INTEGRATIONS[integration]
    assert arrival.claims["sub"] == EMAIL
    assert arrival.claims["external_id"] == SUBJECT
    assert arrival.claims["ti"]["uem"] == EMAIL


@pytest.mark.requirement("R32", "R33", "R34")
@pytest.mark.parametrize(
    ("target", "path"),
    [("/apifuse-sso", ""), ("/apifuse-sso/listing/64b7f0c2a1", "/listing/64b7f0c2a1")],
)
def test_a_signed_in_user_is_sent_to_apifuse(client: Client, target: str, path: str) -> None:
    before = int(time.time())
    answer = client.get(target, *ADA)
    after = int(time.time())

    arrival = at_apifuse(answer)
    claims = arrival.claims
    assert answer.body == b""
    assert arrival.address.removesuffix("/") == f"https://acme.apifuse.io{path}"
    assert arrival.parameters == {}
    assert arrival.header == HS256_HEADER
    assert claims.keys() - {"jti"} == {"iat", "nbf", "exp", "orgId", "user"}
    assert claims["orgId"] == "4711"
    assert claims["user"]["externalId"] == SUBJECT
    assert claims["user"]["email"] == EMAIL
    assert claims["user"].keys() <= {"externalId", "email", "firstname", "lastname"}
    assert {type(claims[name]) for name in ("iat", "nbf", "exp")} == {int}
    assert before - CLOCK_SKEW_SECONDS <= claims["iat"] <= after - CLOCK_SKEW_SECONDS
    assert before - CLOCK_SKEW_SECONDS - 1 <= claims["nbf"] <= claims["iat"]
    assert before + 300 - CLOCK_SKEW_SECONDS <= claims["exp"] <= after + 300


@pytest.mark.parametrize(
    ("query", "forwarded"),
    [
        ("integration_id=1121", {"integration_id": "1121"}),
        ("display=settings", {"display": "settings"}),
        ("display=list", {"display": "list"}),
        ("integration_settings=gwt2hs", {"integration_settings": "gwt2hs"}),
        (
            "integration_id=1121&display=settings",
            {"integration_id": "1121", "display": "settings"},
        ),
        (
            "display=list&integration_settings=a&integration_id=1",
            {"integration_id": "1", "display": "list", "integration_settings": "a"},
        ),
        ("integration_settings=a+b%26c%3Dd%23e%2Ff", {"integration_settings": "a b&c=d#e/f"}),
        ("integration_settings=%C3%A9%E2%82%AC", {"integration_settings": "é€"}),
        ("integration_settings=a,b", {"integration_settings": "a,b"}),
        ("integration%5Fid=1121", {"integration_id": "1121"}),
    ],
)
def test_deep_links_reach_the_marketplace(
    client: Client, query: str, forwarded: dict[str, str]
) -> None:
    arrival = at_pandium(client.get(f"/pandium-sso?{query}", *ADA))

    assert arrival.address == "https://imp.pandium.io/acme"
    assert arrival.parameters == forwarded


@pytest.mark.requirement("R29", "R32")
@pytest.mark.parametrize(
    "query",
    [
        "tenant=stolen",
        "tenant=stolen&tenant=again",
        "tenant=",
        "tenant",
        "%74enant=stolen",
        "TENANT=stolen",
        "tenant[]=stolen",
        "jwt=stolen",
        "token=stolen",
        "rd=https://evil.example",
        "redirect_uri=https://evil.example",
        "account=evil",
        "PANDIUM_ACCOUNT=evil",
        "sub=root@acme.example",
        "email=root@acme.example",
        "utm_source=mail",
        "Integration_id=1121",
        "integration_id[]=1121",
        "integration_id%00=1121",
        "%20display=list",
        "=1121",
        "=",
        "&&&",
        "a" * 3000 + "=1",
    ],
)
def test_an_unknown_parameter_is_dropped_silently(client: Client, query: str) -> None:
    arrival = at_pandium(client.get(f"/pandium-sso?{query}", *ADA))

    assert arrival.address == "https://imp.pandium.io/acme"
    assert arrival.parameters == {}
    assert arrival.claims["sub"] == EMAIL


@pytest.mark.requirement("R32")
def test_a_deep_link_beside_a_stolen_token_arrives_with_ours(client: Client) -> None:
    query = "tenant=a.b.c&display=list&tenant=d.e.f"

    arrival = at_pandium(client.get(f"/pandium-sso?{query}", *ADA))

    assert arrival.parameters == {"display": "list"}


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    "query",
    [
        "integration_id=1121&integration_id=1121",
        "integration_id=1121&integration_id=2048",
        "integration_id=1121&integration%5Fid=2048",
        "integration_id=1121&integration_id=",
        "integration_id=&integration_id=1121",
        "display=list&x=1&display=settings",
        "display=list&display=list&display=list",
        "integration_settings=a&integration_settings=b",
    ],
)
def test_a_deep_link_parameter_given_twice_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/pandium-sso?{query}", *ADA, SCRIPT)

    assert answer.status == 400
    assert answer.media_type == "application/problem+json"
    assert answer.json()["code"]
    assert answer.get("Location") is None


@pytest.mark.parametrize(
    ("target", "origin", "key", "parameter"),
    [
        ("/pandium-sso", "https://imp.pandium.io", PANDIUM_SECRET, "tenant"),
        ("/pandium-sso?display=list", "https://imp.pandium.io", PANDIUM_SECRET, "tenant"),
        ("/pandium-sso/install/1121", "https://imp.pandium.com", PANDIUM_SECRET, "tenant"),
        ("/apifuse-sso", "https://acme.apifuse.io", APIFUSE_SECRET, "jwt"),
        ("/apifuse-sso/listing/64b7f0c2a1", "https://acme.apifuse.io", APIFUSE_SECRET, "jwt"),
    ],
)
@pytest.mark.requirement("R36")
def test_a_script_gets_the_address_as_json(
    client: Client, target: str, origin: str, key: str, parameter: str
) -> None:
    answer = client.get(target, *ADA, SCRIPT)

    told = answer.json()
    arrival = arrive(told["url"], key=key, parameter=parameter)
    assert answer.status == 200
    assert answer.media_type == "application/json"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.get("Location") is None
    assert told.keys() == {"url", "origin", "expires_at"}
    assert told["origin"] == origin
    assert arrival.address.startswith(origin)
    assert told["expires_at"] == arrival.claims.get("exp")


@pytest.mark.parametrize(
    "accept",
    [
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "*/*",
        "text/html",
        "text/html, application/json;q=0.5",
    ],
)
def test_a_browser_gets_the_redirect(client: Client, accept: str) -> None:
    assert client.get("/pandium-sso", *ADA, f"Accept: {accept}").status == 307


def user(number: int) -> tuple[str, str]:
    return f"X-Forwarded-User: u-{number}", f"X-Forwarded-Email: user{number}@acme.example"


def told(answer: Answer) -> tuple[Any, Any]:
    claims = at_pandium(answer).claims
    return claims["external_id"], claims["sub"]


@pytest.mark.requirement("R27")
def test_the_next_request_on_a_connection_is_for_the_user_it_names(shipped: Service) -> None:
    with shipped.connect() as connection:
        for number in (1, 2, 1, 3):
            answer = connection.exchange(request("/pandium-sso", *user(number)))
            assert told(answer) == (f"u-{number}", f"user{number}@acme.example")
        assert connection.exchange(request("/pandium-sso")).status == 401


@pytest.mark.requirement("R27")
def test_pipelined_requests_are_each_answered_for_their_own_user(shipped: Service) -> None:
    numbers = range(20)

    with shipped.connect() as connection:
        connection.send(b"".join(request("/pandium-sso", *user(number)) for number in numbers))
        answers = [connection.answer() for _ in numbers]

    assert [told(answer)[0] for answer in answers] == [f"u-{number}" for number in numbers]


@pytest.mark.requirement("R27", "R33")
def test_users_at_the_same_time_do_not_get_each_others_tokens(shipped: Service) -> None:
    def sign_on(number: int) -> list[Arrival]:
        client = Client(shipped.bind)
        try:
            answers = [client.get("/pandium-sso", *user(number)) for _ in range(25)]
        finally:
            client.close()
        return [at_pandium(answer) for answer in answers]

    with ThreadPoolExecutor(8) as threads:
        arrivals = list(threads.map(sign_on, range(16)))

    for number, own in enumerate(arrivals):
        assert {arrival.claims["external_id"] for arrival in own} == {f"u-{number}"}
    ids = {arrival.claims["jti"] for own in arrivals for arrival in own}
    assert len(ids) == 16 * 25


@pytest.mark.requirement("R45")
def test_no_token_no_secret_and_no_query_is_ever_written_down(shipped: Service) -> None:
    answer = shipped.get("/pandium-sso?integration_settings=quite-private", *ADA, "Cookie: s=cup")
    shipped.get("/pandium-sso?tenant=quite-private", "Authorization: Bearer quite-private")
    token = answer["Location"].partition("tenant=")[2].removesuffix("#")

    printed = shipped.output
    assert answer["X-Request-Id"] in printed  # its line is there before the answer is
    for piece in (*token.split("."), PANDIUM_SECRET, APIFUSE_SECRET, "quite-private", "s=cup"):
        assert piece not in printed
    assert "eyJ" not in printed
