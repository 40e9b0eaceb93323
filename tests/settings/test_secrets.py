import base64

import pytest

from app.settings.secrets import EXAMPLE_SECRET
from tests.in_process import Load, problems
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM, PANDIUM_SECRET, PROXY


@pytest.mark.requirement("R35")
def test_two_vendors_do_not_share_a_secret(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, APIFUSE, APIFUSE_API_SECRET=f" {PANDIUM_SECRET}\n")

    assert found == {
        "PANDIUM_SHARED_SECRET": "is the same secret as APIFUSE_API_SECRET; set a different one"
    }


@pytest.mark.requirement("R35")
def test_a_login_and_a_vendor_do_not_share_a_secret(load: Load) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        AUTH_OAUTH2_PROXY_PROXY_SECRET_HEADER="X-S",
        AUTH_OAUTH2_PROXY_PROXY_SECRET=PANDIUM_SECRET,
    )

    assert list(found.values()) == [
        "is the same secret as AUTH_OAUTH2_PROXY_PROXY_SECRET; set a different one"
    ]


@pytest.mark.requirement("R35")
@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("hex", APIFUSE_SECRET.encode().hex()),
        ("base64", base64.b64encode(APIFUSE_SECRET.encode()).decode()),
        ("base64url", base64.urlsafe_b64encode(APIFUSE_SECRET.encode()).decode().rstrip("=")),
    ],
)
def test_a_secret_is_the_same_however_it_is_written(
    load: Load, encoding: str, written: str
) -> None:
    found = problems(
        load,
        PROXY,
        PANDIUM,
        APIFUSE,
        PANDIUM_SECRET_ENCODING=encoding,
        PANDIUM_SHARED_SECRET=written,
    )

    assert "is the same secret as" in found["PANDIUM_SHARED_SECRET"]


@pytest.mark.parametrize("bind", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "unix:/run/x"])
def test_the_examples_secret_works_on_loopback(load: Load, bind: str) -> None:
    assert load(PROXY, PANDIUM, PANDIUM_SHARED_SECRET=EXAMPLE_SECRET, SSO_BIND=bind)


@pytest.mark.parametrize("bind", ["0.0.0.0:8000", "[::]:8000", "10.0.0.1:80", "sso.example:80"])
def test_the_examples_secret_works_nowhere_else(load: Load, bind: str) -> None:
    found = problems(load, PROXY, PANDIUM, PANDIUM_SHARED_SECRET=EXAMPLE_SECRET, SSO_BIND=bind)

    assert "is the secret of config/example.env" in found.pop("PANDIUM_SHARED_SECRET")
    assert found == {}
