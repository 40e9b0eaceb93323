import pytest

from app.settings.problems import InvalidSettings, Problem
from tests.in_process import Load, problems
from tests.samples import PANDIUM, PROXY


def test_a_settings_error_reads_as_a_sentence() -> None:
    error = InvalidSettings([Problem("B", "is wrong"), Problem("A", "too"), Problem("A", "too")])

    assert str(error) == "A too; B is wrong"


@pytest.mark.requirement("R48", "R45")
def test_no_problem_contains_a_secret(load: Load) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        PANDIUM_SHARED_SECRET="hush-1",
        AUTH_OAUTH2_PROXY_PROXY_SECRET="hush-2",
        APIFUSE_API_SECRET="hush-3",
        APIFUSE_CONNECTION='{"apikey": "hush-4{"}',
        APIFUSE_CLAIMS='{"apikey": "hush-5',
        PANDIUM_MARKETPLACE_URL="https://user:hush-6@pandium.example/",
        SSO_LOGIN_URL="https://login.example/?key=hush-7#x",
    )

    assert len(found) >= 6
    assert "hush" not in repr(found)
