"""A proxy's word counts where it is one word, said by the proxy, under the exact name."""

import re
from collections.abc import Iterator

import pytest

from .acme import ADA, AS_SHIPPED, EMAIL, PANDIUM_SECRET, SCRIPT, SUBJECT
from .corpus import Case, read
from .service import Answer, Client, Service, request, serving_all
from .vendor import arrive, carries_a_token

HEADERS = read("headers.txt")
USER = "X-Forwarded-User"
MAIL = "X-Forwarded-Email"
PROXIES = "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES"


def fields_of(case: Case) -> bytes:
    """The header lines of a case, with the ordinary user's where it names none."""
    if case.data.startswith(b"!"):
        return case.data.removeprefix(b"!")
    lines = [case.data]
    for name, value in ((USER, SUBJECT), (MAIL, EMAIL)):
        if not re.search(rb"(?im)^[ \t]*" + name.encode() + rb"(?![\w.'~-])", case.data):
            lines.append(f"{name}: {value}".encode())
    return b"\r\n".join(lines)


def value_of(name: str, fields: bytes) -> str:
    """What a field says, without the blanks around it that are HTTP's own."""
    [value] = [
        line.partition(b":")[2]
        for line in fields.split(b"\r\n")
        if line.lower().startswith(name.lower().encode())
    ]
    return value.strip(b" \t").decode("utf-8")


def who(answer: Answer) -> tuple[str, str]:
    claims = arrive(answer["Location"], key=PANDIUM_SECRET, parameter="tenant").claims
    return claims.get("external_id", claims["sub"]), claims["sub"]


def send(client: Client, case: Case) -> Answer:
    answer = client.get("/pandium-sso", fields_of(case), "Accept: */*")
    assert answer.status == 307 or not carries_a_token(answer), case.place
    return answer


def of(verdict: str) -> list[Case]:
    cases = [case for case in HEADERS if case.verdict == verdict]
    assert cases
    return cases


@pytest.mark.requirement("R21", "R22", "R24")
def test_headers_that_mean_nothing_change_nothing(client: Client) -> None:
    for case in of("ordinary"):
        answer = send(client, case)

        assert answer.status == 307, case.place
        assert who(answer) == (SUBJECT, EMAIL), case.place


@pytest.mark.requirement("R22")
def test_an_id_reaches_the_vendor_character_by_character(client: Client) -> None:
    for case in of("verbatim"):
        answer = send(client, case)

        fields = fields_of(case)
        assert answer.status == 307, case.place
        assert who(answer) == (value_of(USER, fields), value_of(MAIL, fields)), case.place


@pytest.mark.requirement("R11", "R22")
def test_a_strange_id_is_refused_or_kept_but_never_read_as_another(
    client: Client,
) -> None:
    for case in of("literal"):
        answer = send(client, case)

        if answer.status == 307:
            fields = fields_of(case)
            assert who(answer) == (value_of(USER, fields), value_of(MAIL, fields)), case.place
        else:
            # 401: no id; 403: no address, and the vendor wants one
            assert answer.status in {401, 403}, f"{case.place}: {answer.status}"


@pytest.mark.requirement("R11", "R21", "R22")
def test_an_ambiguous_or_broken_identity_is_no_session(client: Client) -> None:
    for case in of("401"):
        assert send(client, case).status == 401, case.place


@pytest.mark.requirement("R22")
def test_an_identity_without_what_the_vendor_needs_is_refused(client: Client) -> None:
    for case in of("403"):
        assert send(client, case).status == 403, case.place


@pytest.mark.requirement("R22", "R41")
def test_an_invalid_header_is_not_a_request(client: Client) -> None:
    for case in of("refused"):
        assert send(client, case).status in {400, 401}, case.place


@pytest.mark.requirement("R14")
def test_every_bad_credential_gets_the_same_words(client: Client) -> None:
    told = set()
    for case in of("401"):
        if case.data.startswith(b"!"):
            continue
        problem = client.get("/pandium-sso", fields_of(case), SCRIPT).json()
        problem.pop("request_id")
        told.add((problem["status"], problem["code"], problem["title"], problem.get("detail")))

    # "Nobody" and "somebody, but it does not hold" may differ; why it does not hold may not.
    assert len({words for words in told if words[1] != "no_session"}) == 1
    assert len(told) <= 2


PROXY_SECRET = "gate-Vw5tYhN8rKqZ2xLpC7mJdB4sGfEa"
CLAIMS_TO_BE_THE_PROXY = (
    (),
    ("X-Forwarded-For: 10.9.9.9",),
    ("X-Forwarded-For: 10.9.9.9, 10.9.9.9",),
    ("X-Real-IP: 10.9.9.9",),
    ("Forwarded: for=10.9.9.9;by=10.9.9.9",),
    ("X-Client-IP: 10.9.9.9",),
    ("CF-Connecting-IP: 10.9.9.9",),
    ("True-Client-IP: 10.9.9.9",),
    ("X-Forwarded-For: 127.0.0.1", "X-Forwarded-Host: 10.9.9.9", "Host: 10.9.9.9"),
)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """Services whose proxy is somebody else, sits on a unix socket, or knows a secret."""
    folder = tmp_path_factory.mktemp("elsewhere")
    changes = {
        "stranger": {PROXIES: "10.9.9.9/32"},
        "unix for unix": {PROXIES: "unix", "SSO_BIND": f"unix:{folder}/a", "WEB_CONCURRENCY": "2"},
        "unix for addresses": {PROXIES: "127.0.0.1/32,::1/128", "SSO_BIND": f"unix:{folder}/b"},
        "secret": {
            "AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER": "X-Proxy-Secret",
            "AUTH_OAUTH2_PROXY_PROXY_SECRET": PROXY_SECRET,
        },
    }
    environments = {
        name: {**AS_SHIPPED, "WEB_CONCURRENCY": "1", **change} for name, change in changes.items()
    }
    with serving_all(environments, folder) as services:
        yield services


@pytest.mark.requirement("R21")
def test_headers_of_a_peer_that_is_not_the_proxy_count_for_nothing(
    elsewhere: dict[str, Service],
) -> None:
    service = elsewhere["stranger"]
    for fields in CLAIMS_TO_BE_THE_PROXY:
        for target in ("/pandium-sso", "/pandium-sso/install/1121", "/apifuse-sso"):
            answer = service.get(target, *ADA, *fields, SCRIPT)

            assert answer.status == 401
            assert answer.json()["code"] == "no_session"
            assert not carries_a_token(answer)

    mentions = [line for line in service.output.splitlines() if "untrusted" in line]
    assert len(mentions) == 1
    assert "127.0.0.1" in mentions[0]


@pytest.mark.requirement("R21")
def test_a_proxy_protocol_line_does_not_make_a_peer(shipped: Service) -> None:
    line = b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n"
    with shipped.connect() as connection:
        answer = connection.exchange(line + request("/pandium-sso", *ADA))

        assert answer.status == 400
        assert connection.is_closed()


@pytest.mark.requirement("R20", "R21")
def test_a_unix_socket_is_trusted_where_it_is_named(elsewhere: dict[str, Service]) -> None:
    service = elsewhere["unix for unix"]

    assert who(service.get("/pandium-sso", *ADA)) == (SUBJECT, EMAIL)
    assert service.get("/pandium-sso", SCRIPT).status == 401


@pytest.mark.requirement("R20", "R21")
def test_a_unix_socket_is_not_an_address(elsewhere: dict[str, Service]) -> None:
    assert elsewhere["unix for addresses"].get("/pandium-sso", *ADA, SCRIPT).status == 401


@pytest.mark.requirement("R24")
def test_a_proxy_with_a_secret_has_to_say_it(elsewhere: dict[str, Service]) -> None:
    service = elsewhere["secret"]
    said = f"X-Proxy-Secret: {PROXY_SECRET}"
    not_said = [
        (),
        *((f"X-Proxy-Secret: {wrong}",) for wrong in wrong_secrets()),
        (f"X_Proxy_Secret: {PROXY_SECRET}",),
        (said, said),
    ]

    for fields in not_said:
        assert service.get("/pandium-sso", *ADA, *fields).status == 401
    assert service.get("/pandium-sso", *ADA, said).status == 307
    assert PROXY_SECRET not in service.output


def wrong_secrets() -> list[str]:
    first, last = PROXY_SECRET[:-1], PROXY_SECRET[1:]
    return ["", first, last, f"{PROXY_SECRET}x", PROXY_SECRET.upper(), "ü", "x" * 8000]
