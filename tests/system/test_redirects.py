"""Whatever a caller writes, the redirect leads to the configured vendor and nowhere else."""

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from .acme import (
    ADA,
    APIFUSE_SECRET,
    FRAME,
    INTEGRATIONS,
    LOGIN_URL,
    PANDIUM_SECRET,
    PUBLIC_URL,
    SCRIPT,
    TOP_LEVEL,
)
from .corpus import Case, read
from .service import Answer, Client
from .vendor import arrive, carries_a_token, origin

OPEN_REDIRECTS = read("open_redirects.txt")
IDS = read("ids.txt")
MARKETPLACE = "https://imp.pandium.io/acme"
INSTALL_PAGE = "https://imp.pandium.com/acme/tenants/create/"
APIFUSE_MARKETPLACE = "https://acme.apifuse.io"
LISTING_PAGE = "https://acme.apifuse.io/listing/"
ORIGINS = ("https://imp.pandium.io", "https://imp.pandium.com", "https://acme.apifuse.io")
REFUSALS = {400, 404, 414}

FORWARDED = ("integration_id", "display", "integration_settings")
OTHERS = (
    "tenant",
    "jwt",
    "rd",
    "redirect_uri",
    "next",
    "return_to",
    "url",
    "host",
    "account",
    "sub_domain",
)
ADDRESS_HEADERS = (
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Uri",
    "X-Forwarded-Server",
    "X-Original-URL",
    "X-Original-Host",
    "X-Rewrite-URL",
    "X-Host",
    "X-Auth-Request-Redirect",
    "Forwarded",
    "Referer",
    "Origin",
    "Via",
)


def assert_leads_to(answer: Answer, address: str, place: str) -> None:
    """A redirect whose address is this one, for two parsers, with one parameter more: the token."""
    assert answer.status == 307, f"{place}: {answer.status}"
    location = answer["Location"]
    expected = urlsplit(address)
    assert origin(location) == f"{expected.scheme}://{expected.netloc}", place
    parts = urlsplit(location)
    assert parts.path.removesuffix("/") == expected.path, place
    at_pandium = "pandium" in expected.netloc
    arrive(
        location,
        key=PANDIUM_SECRET if at_pandium else APIFUSE_SECRET,
        parameter="tenant" if at_pandium else "jwt",
    )


def assert_leads_to_a_vendor_or_nowhere(answer: Answer, place: str) -> None:
    """A redirect to one of the configured origins with a verified token, or a plain refusal."""
    if answer.status == 307:
        location = answer["Location"]
        assert origin(location) in ORIGINS, place
        at_pandium = "pandium" in origin(location)
        arrive(
            location,
            key=PANDIUM_SECRET if at_pandium else APIFUSE_SECRET,
            parameter="tenant" if at_pandium else "jwt",
        )
    else:
        assert answer.status in REFUSALS, f"{place}: {answer.status}"
        assert answer.get("Location") is None, place
        assert not carries_a_token(answer), place


def spellings(case: Case) -> Iterator[str]:
    """The case percent-encoded, and as it is where a request line can hold it."""
    yield case.quoted
    if case.fits_a_request_line:
        yield case.data.decode()


@pytest.mark.requirement("R29", "R32")
@pytest.mark.parametrize("name", FORWARDED)
def test_a_deep_link_parameter_cannot_move_the_redirect(client: Client, name: str) -> None:
    for case in OPEN_REDIRECTS:
        for value in spellings(case):
            answer = client.get(f"/pandium-sso?{name}={value}", *ADA)

            if answer.status == 400:
                # The value is of a shape that is never forwarded, or it gave a parameter twice.
                assert not carries_a_token(answer), case.place
            else:
                assert_leads_to(answer, MARKETPLACE, case.place)


@pytest.mark.requirement("R29", "R32")
def test_a_deep_link_parameter_arrives_as_the_one_value_that_was_sent(client: Client) -> None:
    for case in OPEN_REDIRECTS:
        answer = client.get(f"/pandium-sso?integration_settings={case.quoted}", *ADA)

        if answer.status == 307:
            pairs = parse_qsl(urlsplit(answer["Location"]).query, strict_parsing=True)
            sent = case.data.decode("utf-8", "replace")
            assert [name for name, _ in pairs] == ["integration_settings", "tenant"], case.place
            assert pairs[0][1] == sent, case.place


@pytest.mark.requirement("R29", "R32")
@pytest.mark.parametrize("name", OTHERS)
def test_a_parameter_that_is_not_forwarded_moves_nothing(client: Client, name: str) -> None:
    for case in OPEN_REDIRECTS:
        answer = client.get(f"/pandium-sso?{name}={case.quoted}", *ADA)

        assert_leads_to(answer, MARKETPLACE, case.place)
        assert list(parse_qs(urlsplit(answer["Location"]).query)) == ["tenant"], case.place


@pytest.mark.requirement("R29")
def test_the_name_of_a_parameter_moves_nothing(client: Client) -> None:
    for case in OPEN_REDIRECTS:
        for query in (f"{case.quoted}=1", case.quoted):
            assert_leads_to(client.get(f"/pandium-sso?{query}", *ADA), MARKETPLACE, case.place)


@pytest.mark.requirement("R29")
def test_a_bare_query_moves_nothing(client: Client) -> None:
    for case in OPEN_REDIRECTS:
        if case.fits_a_request_line and not any(name in case.quoted for name in FORWARDED):
            answer = client.get(b"/apifuse-sso?" + case.data, *ADA)
            assert_leads_to(answer, APIFUSE_MARKETPLACE, case.place)


@pytest.mark.requirement("R29", "R30")
@pytest.mark.parametrize(
    "target",
    [
        "/pandium-sso/install/{}",
        "/pandium-sso/install/1121{}",
        "/apifuse-sso/listing/{}",
        "/apifuse-sso/listing/{}/x",
        "/pandium-sso/{}",
        "/pandium-sso{}",
        "/{}",
        "/{}/pandium-sso",
        "{}/pandium-sso",
        "{}",
    ],
)
def test_a_path_cannot_move_the_redirect(client: Client, target: str) -> None:
    for case in OPEN_REDIRECTS:
        for piece in spellings(case):
            answer = client.get(target.format(piece), *ADA)

            assert_leads_to_a_vendor_or_nowhere(answer, case.place)


@pytest.mark.requirement("R23", "R29")
@pytest.mark.parametrize("name", ADDRESS_HEADERS)
def test_a_header_that_names_an_address_moves_nothing(client: Client, name: str) -> None:
    for case in headers_that_fit(OPEN_REDIRECTS):
        answer = client.get("/pandium-sso", *ADA, f"{name}: ".encode() + case.data)

        if answer.status == 403 and name in {"Origin", "Referer"}:
            # Another site asks: it gets nothing at all.
            assert not carries_a_token(answer), case.place
        else:
            assert_leads_to(answer, MARKETPLACE, case.place)


@pytest.mark.requirement("R23", "R29")
def test_the_host_header_moves_nothing(client: Client) -> None:
    for case in headers_that_fit(OPEN_REDIRECTS):
        answer = client.get("/pandium-sso", *ADA, b"Host: " + case.data)

        if answer.status == 400:
            assert not carries_a_token(answer), case.place
        else:
            assert_leads_to(answer, MARKETPLACE, case.place)


@pytest.mark.requirement("R29")
@pytest.mark.parametrize("target", ["/pandium-sso", "/pandium-sso/install/1121", "/apifuse-sso"])
def test_the_words_of_an_identity_move_nothing(client: Client, target: str) -> None:
    addresses = {
        "/pandium-sso": MARKETPLACE,
        "/pandium-sso/install/1121": f"{INSTALL_PAGE}1121",
        "/apifuse-sso": APIFUSE_MARKETPLACE,
    }
    for case in headers_that_fit(OPEN_REDIRECTS):
        fields = (
            b"X-Forwarded-User: " + case.data,
            b"X-Forwarded-Email: ada@acme.example",
            b"X-Forwarded-Preferred-Username: " + case.data,
            b"X-Forwarded-Groups: " + case.data,
        )
        answer = client.get(target, *fields)

        if answer.status == 401:
            assert not carries_a_token(answer), case.place
        else:
            assert_leads_to(answer, addresses[target], case.place)


@pytest.mark.requirement("R29")
def test_the_json_form_names_the_same_addresses(client: Client) -> None:
    for case in OPEN_REDIRECTS:
        answer = client.get(f"/pandium-sso?display={case.quoted}", *ADA, SCRIPT)

        if answer.status == 400:
            assert_refused(answer, case.place)
        else:
            told = answer.json()
            assert answer.status == 200, case.place
            assert told["origin"] == origin(told["url"]) == "https://imp.pandium.io", case.place
            arrive(told["url"], key=PANDIUM_SECRET, parameter="tenant")


@pytest.mark.requirement("R23", "R29")
@pytest.mark.parametrize(
    "place_in",
    [
        pytest.param(lambda case: (f"/pandium-sso?rd={case.quoted}", ()), id="rd"),
        pytest.param(lambda case: (f"/pandium-sso?display={case.quoted}", ()), id="display"),
        pytest.param(lambda case: (f"/pandium-sso?{case.quoted}", ()), id="query"),
        pytest.param(
            lambda case: ("/pandium-sso", (b"X-Forwarded-Host: " + case.data,)),
            id="X-Forwarded-Host",
        ),
        pytest.param(lambda case: ("/pandium-sso", (b"Host: " + case.data,)), id="Host"),
        pytest.param(lambda case: ("/pandium-sso", (b"Referer: " + case.data,)), id="Referer"),
    ],
)
def test_the_login_never_returns_to_another_site(
    client: Client, place_in: Callable[[Case], tuple[str, tuple[bytes, ...]]]
) -> None:
    for case in headers_that_fit(OPEN_REDIRECTS):
        target, fields = place_in(case)
        answer = client.get(target, *TOP_LEVEL, *fields)

        if answer.status == 400:
            assert_refused(answer, case.place)
        else:
            assert answer.status == 302, case.place
            location = answer["Location"]
            login, _, query = location.partition("?")
            assert login == LOGIN_URL, case.place
            assert origin(location) == "https://login.acme.example", case.place
            # A damaged deep link is nothing to come back to.
            for name, back in parse_qsl(query, strict_parsing=bool(query)):
                assert name == "rd", case.place
                assert origin(back) == PUBLIC_URL, case.place
                assert urlsplit(back).path == "/pandium-sso", case.place


@pytest.mark.requirement("R29")
def test_a_page_shown_in_a_frame_links_to_the_login_only(client: Client) -> None:
    for case in OPEN_REDIRECTS:
        answer = client.get(f"/pandium-sso?display={case.quoted}&rd={case.quoted}", *FRAME)

        assert answer.status in {400, 401}, case.place
        assert answer.get("Location") is None, case.place
        for piece in ("<script>alert", "<img", "href='", "//evil", "javascript:"):
            assert piece not in answer.text.lower(), case.place


@pytest.mark.requirement("R30")
def test_only_configured_integrations_are_installed(client: Client) -> None:
    for case in IDS:
        for piece in spellings(case):
            answer = client.get(f"/pandium-sso/install/{piece}", *ADA)

            if case.verdict == "both" and piece in INTEGRATIONS:
                assert_leads_to(answer, f"{INSTALL_PAGE}{piece}", case.place)
            else:
                assert_refused(answer, case.place)


@pytest.mark.requirement("R30")
def test_only_plain_ids_name_a_listing(client: Client) -> None:
    for case in IDS:
        for piece in spellings(case):
            answer = client.get(f"/apifuse-sso/listing/{piece}", *ADA)

            if case.verdict == "both":
                assert_leads_to(answer, f"{LISTING_PAGE}{piece}", case.place)
            else:
                assert_refused(answer, case.place)


@pytest.mark.requirement("R30")
def test_a_strange_id_is_no_secret_door_for_the_signed_out(client: Client) -> None:
    for case in IDS:
        for page in ("pandium-sso/install", "apifuse-sso/listing"):
            answer = client.get(f"/{page}/{case.quoted}", SCRIPT)

            assert answer.status in {401, *REFUSALS}, case.place
            assert not carries_a_token(answer), case.place


def assert_refused(answer: Answer, place: str) -> None:
    assert answer.status in REFUSALS, f"{place}: {answer.status}"
    assert answer.get("Location") is None, place
    assert not carries_a_token(answer), place


def headers_that_fit(cases: Iterable[Case]) -> list[Case]:
    return [case for case in cases if case.fits_a_header]
