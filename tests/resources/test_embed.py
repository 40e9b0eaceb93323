"""The script of the element, as a file."""

import pytest

from tests.in_process import Client, MakeClient
from tests.samples import APIFUSE, PANDIUM, PROXY


@pytest.fixture
def service(client: MakeClient) -> Client:
    return client(PROXY, PANDIUM, APIFUSE)


@pytest.mark.requirement("R36")
@pytest.mark.parametrize("path", ["/pandium-sso/embed.js", "/apifuse-sso/embed.js"])
def test_it_is_the_one_answer_that_may_be_kept(
    service: Client, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = service.simulate_get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "customElements.define" in answer.text
    assert "set-cookie" not in answer.headers
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', 'W/"other",W/{}'])
def test_a_browser_that_has_it_keeps_it(service: Client, known: str) -> None:
    first = service.simulate_get("/pandium-sso/embed.js")

    headers = {"If-None-Match": known.format(first.headers["etag"])}
    again = service.simulate_get("/pandium-sso/embed.js", headers=headers)

    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.requirement("R55")
@pytest.mark.parametrize("known", ["", "{}"])
def test_its_head_is_that_of_the_whole_answer(service: Client, known: str) -> None:
    tag = service.simulate_get("/pandium-sso/embed.js").headers["etag"]
    asked = {"If-None-Match": known.format(tag)}

    whole, head = (
        service.simulate_request(method, "/pandium-sso/embed.js", headers=asked)
        for method in ("GET", "HEAD")
    )

    one_request = "x-request-id"
    assert head.status_code == whole.status_code
    assert head.content == b""
    assert {**head.headers, one_request: ""} == {**whole.headers, one_request: ""}


@pytest.mark.requirement("R39")
def test_a_kept_copy_is_opened_to_the_origin_that_asks_for_it_next(client: MakeClient) -> None:
    first, second = "https://app.acme.example", "https://admin.acme.example"
    service = client(PROXY, PANDIUM, SSO_HOST_ORIGINS=f"{first},{second}")
    script = "/pandium-sso/embed.js"
    tag = service.simulate_get(script, headers={"Origin": first}).headers["etag"]

    again = service.simulate_get(script, headers={"Origin": second, "If-None-Match": tag})
    foreign = {"Origin": "https://evil.example", "If-None-Match": tag}
    refused = service.simulate_get(script, headers=foreign)

    assert again.status_code == refused.status_code == 304
    assert again.headers["access-control-allow-origin"] == second
    assert again.headers["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize("known", ['"other"', "", "x"])
def test_a_browser_with_another_gets_this_one(service: Client, known: str) -> None:
    answer = service.simulate_get("/pandium-sso/embed.js", headers={"If-None-Match": known})

    assert answer.status_code == 200


@pytest.mark.requirement("R36")
def test_a_refusal_at_its_address_is_not_kept(service: Client) -> None:
    answer = service.simulate_post("/pandium-sso/embed.js")

    assert answer.status_code == 405
    assert answer.headers["cache-control"] == "no-store"
