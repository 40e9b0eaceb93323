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


@pytest.mark.parametrize("known", ['"other"', "", "x"])
def test_a_browser_with_another_gets_this_one(service: Client, known: str) -> None:
    answer = service.simulate_get("/pandium-sso/embed.js", headers={"If-None-Match": known})

    assert answer.status_code == 200


@pytest.mark.requirement("R36")
def test_a_refusal_at_its_address_is_not_kept(service: Client) -> None:
    answer = service.simulate_post("/pandium-sso/embed.js")

    assert answer.status_code == 405
    assert answer.headers["cache-control"] == "no-store"
