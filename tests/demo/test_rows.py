import re
import tomllib
from pathlib import Path

import pytest

from app.demo.rows import prepared
from app.demo.views import View
from app.destinations.row_file import read_rows
from app.destinations.rows import Row

EXAMPLE = Path("config/destinations.example.toml")
MARKETPLACE = "http://127.0.0.1:8090"


def without_exchange(rows: dict[str, Row]) -> dict[str, Row]:
    return {name: row for name, row in rows.items() if row.exchange is None}


def copy_of(text: str, folder: Path) -> str:
    """Return the copy that the service is given."""
    original = folder / "original.toml"
    original.write_text(text, encoding="utf-8")
    return Path(
        prepared(original, MARKETPLACE, folder).settings["SSO_DESTINATIONS_FILE"]
    ).read_text(encoding="utf-8")


def test_every_address_of_the_copy_is_the_marketplaces_and_all_else_stays(tmp_path: Path) -> None:
    rows = prepared(EXAMPLE, MARKETPLACE, tmp_path)

    moved = read_rows(Path(rows.settings["SSO_DESTINATIONS_FILE"]))
    for name, vendor in without_exchange(read_rows(EXAMPLE)).items():
        for page, was in vendor.all_pages.items():
            now = moved[name].all_pages[page]
            rest = re.sub(r"^https://[^/]+", "", was.address)
            assert now.address == f"{MARKETPLACE}/rows/{name}{rest}"
            assert now == was.model_copy(update={"address": now.address})
        update = {"address": moved[name].address, "pages": moved[name].pages}
        assert moved[name] == vendor.model_copy(update=update)


def test_values_of_every_type_come_through_the_copy(tmp_path: Path) -> None:
    row = """
[acme]
address = "https://market.example.com?a=1"
parameter = "jwt"
claims = { "a.b \\" \\\\ é \\u007f\\n" = [1, 1.5, true, "x", { y = "\\U0001F600" }] }
"""

    copy = tomllib.loads(copy_of(row, tmp_path))["acme"]

    assert copy == tomllib.loads(row)["acme"] | {"address": f"{MARKETPLACE}/rows/acme?a=1"}


def test_each_row_has_a_key_of_its_own_that_is_new_each_time(tmp_path: Path) -> None:
    one, other = (prepared(EXAMPLE, MARKETPLACE, tmp_path).settings for _ in range(2))

    keys = [value for settings in (one, other) for key, value in settings.items() if "_KEY" in key]
    assert len(set(keys)) == len(keys) == 2 * len(without_exchange(read_rows(EXAMPLE)))
    assert "BEGIN PRIVATE KEY" in one["DESTINATION_MINTLIFY_KEY"]


def test_what_nobody_plays_is_left_out_and_a_key_is_raw(tmp_path: Path) -> None:
    copy = copy_of(
        """
[acme]
address = "https://market.example.com/"
parameter = "jwt"
key_encoding = "hex"
[merge]
address = "https://market.example.com/"
parameter = "jwt"
exchange = { url = "https://api.example.com/", json = { key = "{key}" }, token = "token" }
""",
        tmp_path,
    )

    assert list(tomllib.loads(copy)) == ["acme"]
    assert "key_encoding" not in copy


@pytest.mark.parametrize(
    "text", ["[acme", "[acme]", "[acme]\naddress = 'http://market.example.com'\nparameter='jwt'"]
)
def test_an_invalid_file_is_passed_to_the_service_unchanged(tmp_path: Path, text: str) -> None:
    assert copy_of(text, tmp_path) == text


def test_a_row_is_shown_by_its_pages_without_ids(tmp_path: Path) -> None:
    rows = prepared(EXAMPLE, MARKETPLACE, tmp_path).rows

    assert rows["blendr"].views == (
        View("/rows/blendr/0", "blendr main", "/blendr-sso", "/blendr-sso"),
        View("/rows/blendr/1", "blendr templates", "/blendr-sso/templates", "/blendr-sso"),
    )


def test_the_script_of_a_row_stands_at_its_root_however_long() -> None:
    assert View("/rows/acme/0", "acme", "/a/b/page", "/a/b").script == "/a/b/embed.js"
