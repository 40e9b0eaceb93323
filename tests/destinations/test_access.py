import pytest

from app.destinations.access import EVERYBODY
from app.errors import AccessDenied
from app.identity import Identity
from tests.destinations.sample_rows import KEY, Rows
from tests.in_process import Client, MakeClient
from tests.samples import ADA, APIFUSE, PANDIUM, PROXY

ROW = """[x]
address = "https://x.example/sso"
parameter = "jwt"
allowed_groups = ["vendors", "staff"]
claims = { sub = "{subject}" }
[x.pages.admin]
path = "admin"
address = "https://x.example/admin"
allowed_groups = ["admins"]
"""
GROUPS = {"AUTH_OAUTH2_PROXY_GROUPS_HEADER": "X-Forwarded-Groups"}


def as_member_of(service: Client, path: str, groups: str) -> int:
    headers = {**ADA, "X-Forwarded-Groups": groups}
    status: int = service.simulate_get(path, headers=headers).status_code
    return status


@pytest.mark.requirement("R64")
def test_a_refusal_says_who_was_found_and_who_was_wanted() -> None:
    access = EVERYBODY.also("SSO_ALLOWED_GROUPS", []).also("PANDIUM_ALLOWED_GROUPS", ["b", "a"])
    identity = Identity(subject="u", groups=("x\n\u202e", *(f"g{n}" for n in range(20))))

    with pytest.raises(AccessDenied) as refused:
        access.check(identity)

    assert str(refused.value) == (
        "g0, g1, g10, g11, g12, g13, g14, g15, …, but none of a, b (PANDIUM_ALLOWED_GROUPS)"
    )
    with pytest.raises(AccessDenied, match=r"^no group, but none of a, b"):
        access.check(Identity(subject="u"))


@pytest.mark.parametrize(
    ("path", "groups", "status"),
    [
        ("/x-sso", "staff,others", 307),
        ("/x-sso", "vendors", 307),
        ("/x-sso", "Staff", 403),
        ("/x-sso", "admins", 403),
        ("/x-sso", "", 403),
        ("/x-sso/admin", "admins", 403),
        ("/x-sso/admin", "staff", 403),
        ("/x-sso/admin", "admins,staff", 307),
        ("/x-sso/session", "staff", 200),
        ("/x-sso/session", "others", 403),
    ],
)
def test_a_row_and_a_page_say_who_may(
    client: MakeClient, rows: Rows, path: str, groups: str, status: int
) -> None:
    assert as_member_of(client(PROXY, GROUPS, rows(ROW), KEY), path, groups) == status


@pytest.mark.parametrize(
    ("variable", "path"),
    [
        ("PANDIUM_ALLOWED_GROUPS", "/pandium-sso"),
        ("APIFUSE_ALLOWED_GROUPS", "/apifuse-sso"),
        ("APIFUSE_ALLOWED_GROUPS", "/apifuse-sso/listing/l-1"),
        ("SSO_ALLOWED_GROUPS", "/pandium-sso"),
        ("SSO_ALLOWED_GROUPS", "/apifuse-sso"),
    ],
)
def test_a_vendor_and_the_service_say_who_may(client: MakeClient, variable: str, path: str) -> None:
    service = client(PROXY, GROUPS, PANDIUM, APIFUSE, {variable: "gold, silver"})

    assert as_member_of(service, path, "silver,x") == 307
    assert as_member_of(service, path, "bronze") == 403
    refused = service.simulate_get(path, headers=ADA)
    assert (refused.status_code, refused.json["code"]) == (403, "access_denied")
    assert "gold" not in refused.text


def test_each_vendor_asks_for_its_own_groups(client: MakeClient) -> None:
    service = client(PROXY, GROUPS, PANDIUM, APIFUSE, PANDIUM_ALLOWED_GROUPS="gold")

    assert as_member_of(service, "/apifuse-sso", "bronze") == 307
