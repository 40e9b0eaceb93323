import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from app.authenticators import loading
from app.authenticators.entries import parse_entries
from tests.in_process import Client, Load, MakeClient, problems, token_of, vendor_reads
from tests.samples import ADA, PANDIUM, PANDIUM_SECRET

PLUGIN = """
from app.identity import Identity
from app.settings.variables import Variables

class MyVariables(Variables):
    user: str = "nobody"
    number: int = 0

async def authenticate(request):
    return Identity(subject="of-a-function", email="a@b.example")

def blocking(request):
    return Identity(subject="of-a-thread", email="a@b.example")

def returns_a_coroutine(request):
    return authenticate(request)

class Instance:
    async def __call__(self, request):
        return Identity(subject="of-an-object", email="a@b.example")

instance = Instance()

class Factory:
    def __init__(self, variables, name):
        self.variables, self.name = variables, name

    @classmethod
    def from_settings(cls, context):
        return cls(context.read(MyVariables), context.name)

    def __call__(self, request):
        return Identity(subject=f"{self.variables.user}@{self.name}", email="a@b.example")

nothing = 17
"""


@pytest.fixture(autouse=True)
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)


def external_id(service: Client) -> str | None:
    url = service.simulate_get("/pandium-sso", headers={"Accept": "application/json"}).json["url"]
    found: str | None = vendor_reads(token_of(url), PANDIUM_SECRET).get("external_id")
    return found


@pytest.mark.parametrize(
    ("authenticators", "subject"),
    [
        ("acme_plugin:authenticate", "of-a-function"),
        ("acme_plugin:blocking", "of-a-thread"),
        ("acme_plugin:returns_a_coroutine", "of-a-function"),
        ("acme_plugin:instance", "of-an-object"),
        ("mine=acme_plugin:Factory", "nobody@mine"),
    ],
)
def test_a_module_attribute_of_any_shape_signs_on(
    client: MakeClient, authenticators: str, subject: str
) -> None:
    service = client(PANDIUM, SSO_AUTHENTICATORS=authenticators)

    assert external_id(service) == subject


def test_a_plugin_has_variables_under_its_own_name(client: MakeClient) -> None:
    service = client(
        PANDIUM,
        SSO_AUTHENTICATORS="my-corp=acme_plugin:Factory",
        AUTH_MY_CORP_USER="ada",
    )

    assert external_id(service) == "ada@my-corp"


def test_the_first_that_knows_the_user_decides(client: MakeClient) -> None:
    service = client(
        PANDIUM,
        SSO_AUTHENTICATORS="a=oauth2-proxy,b=acme_plugin:authenticate",
        AUTH_A_TRUSTED_PROXIES="127.0.0.1",
    )

    known = service.simulate_get("/pandium-sso", headers=ADA)
    assert known.status_code == 307
    assert external_id(service) == "of-a-function"


def test_an_entry_point_is_found_by_its_name(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_point = EntryPoint("corp", "acme_plugin:authenticate", loading.ENTRY_POINT_GROUP)
    shadow = EntryPoint("oauth2-proxy", "acme_plugin:nothing", loading.ENTRY_POINT_GROUP)
    installed = {"corp": [entry_point], "oauth2-proxy": [shadow]}

    def entry_points(*, group: str, name: str) -> list[EntryPoint]:
        assert group == "marketplace_sso.authenticators"
        return installed.get(name, [])

    monkeypatch.setattr(loading, "entry_points", entry_points)

    assert external_id(client(PANDIUM, SSO_AUTHENTICATORS="corp")) == "of-a-function"
    built_in = client(
        PANDIUM,
        SSO_AUTHENTICATORS="oauth2-proxy",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="127.0.0.1",
    )
    assert built_in.simulate_get("/pandium-sso").status_code == 401


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("authenticators", "words"),
    [
        ("", "is required; built in are trusted-headers, oauth2-proxy"),
        ("oauth2-prxy", "contains 'oauth2-prxy', which is not known; did you mean 'oauth2-proxy'?"),
        ("zzz", "contains 'zzz', which is not known; built in are"),
        ("a=authelia,a=vouch", "contains 'a' twice"),
        ("authelia,authelia", "contains 'authelia' twice"),
        ("authelia=acme_plugin:authenticate", "the name of the built-in 'authelia'"),
        ("A B=authelia", "has the name 'A B'; use small letters"),
        ("=authelia", "has the name ''; use small letters"),
        ("acme_plugin:nope", "cannot be imported"),
        ("no_such_module:authenticate", "cannot be imported"),
        (
            "acme_plugin:nothing",
            "contains 'acme_plugin:nothing', which is neither callable nor has from_settings",
        ),
    ],
)
def test_a_wrong_name_is_explained(load: Load, authenticators: str, words: str) -> None:
    found = problems(load, PANDIUM, SSO_AUTHENTICATORS=authenticators)

    assert words in found["SSO_AUTHENTICATORS"]


@pytest.mark.requirement("R48")
def test_a_wrong_variable_of_a_plugin_is_named(load: Load) -> None:
    found = problems(
        load,
        PANDIUM,
        SSO_AUTHENTICATORS="mine=acme_plugin:Factory",
        AUTH_MINE_NUMBER="x",
        AUTH_MINE_USRE="x",
    )

    assert "whole number" in found["AUTH_MINE_NUMBER"]
    assert "did you mean AUTH_MINE_USER?" in found["AUTH_MINE_USRE"]


def test_an_unnamed_plugin_is_named_after_its_place(load: Load) -> None:
    config = load(PANDIUM, SSO_AUTHENTICATORS="acme_plugin:authenticate")

    assert list(config.authenticators) == ["acme-plugin-authenticate"]
    assert parse_entries(["a-b=c:d"])[0].prefix == "AUTH_A_B_"


def test_what_is_not_named_is_not_imported(load: Load) -> None:
    sys.modules.pop("acme_plugin", None)

    load(PANDIUM, SSO_AUTHENTICATORS="x=authelia", AUTH_X_TRUSTED_PROXIES="10.0.0.1")

    assert "acme_plugin" not in sys.modules


@pytest.mark.requirement("R62", "R45")
@pytest.mark.parametrize(
    "fails",
    [
        "raise KeyError('hush')",
        "import sys; sys.exit('hush')",
        "this is no Python, hush",
        "import pydantic; pydantic.TypeAdapter(int).validate_python('hush')",
    ],
)
def test_a_plugin_that_cannot_be_loaded_is_a_problem_of_the_list(
    load: Load, tmp_path: Path, fails: str
) -> None:
    (tmp_path / "failing_plugin.py").write_text(fails)
    sys.modules.pop("failing_plugin", None)

    found = problems(load, PANDIUM, SSO_AUTHENTICATORS="corp=failing_plugin:x,basic=nope")

    assert set(found) == {"SSO_AUTHENTICATORS"}
    assert "hush" not in repr(found)
