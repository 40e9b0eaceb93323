import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.destinations.sample_rows import KEY, SHORT, Rows, pem
from tests.in_process import Load, problems
from tests.samples import APIFUSE, PANDIUM, PROXY


def test_both_vendors_can_be_on(load: Load) -> None:
    config = load(PROXY, PANDIUM, APIFUSE)

    assert [destination.route for destination in config.destinations] == [
        "/pandium-sso",
        "/apifuse-sso",
        "/apifuse-sso/listing/{listing_id}",
    ]
    assert list(config.authenticators) == ["oauth2-proxy"]


def test_every_destination_gets_the_limits_of_the_service(load: Load) -> None:
    config = load(
        PROXY, PANDIUM, APIFUSE, SSO_CLOCK_SKEW_SECONDS="7", SSO_MAX_LOCATION_BYTES="4000"
    )

    assert {each.claims.clock_skew_seconds for each in config.destinations} == {7}
    assert {each.target.max_location_bytes for each in config.destinations} == {4000}


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("variables", "variable", "words"),
    [
        (
            {"APIFUSE_PATH": "/pandium-sso", **APIFUSE},
            "APIFUSE_PATH",
            "is not unique: /pandium-sso belongs to pandium and apifuse",
        ),
        (
            {"APIFUSE_PATH": "/pandium-sso/embed.js", **APIFUSE},
            "PANDIUM_PATH",
            "is not unique: /pandium-sso/embed.js belongs to apifuse and pandium",
        ),
        (
            {"APIFUSE_PATH": "/pandium-sso/session", **APIFUSE},
            "APIFUSE_PATH",
            "is not unique: /pandium-sso/session belongs to pandium and apifuse",
        ),
    ],
)
def test_two_destinations_do_not_share_a_path(
    load: Load, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, PANDIUM, variables)[variable]


TWO_PAGES_OF_ONE_SHAPE = """
[x]
parameter = "j"
[x.pages.a]
address = "https://x.example/{a}"
path = "{a}"
[x.pages.b]
address = "https://x.example/{b}"
path = "{b}"
"""


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("row", "variables", "variable", "words"),
    [
        (SHORT, {}, "DESTINATION_X_KEY", "is required"),
        (SHORT, {"DESTINATION_X_KEY": "short"}, "DESTINATION_X_KEY", "5 bytes long"),
        (
            SHORT + "algorithm='HS512'",
            {"DESTINATION_X_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f0-short"},
            "DESTINATION_X_KEY",
            "64 are needed",
        ),
        (SHORT + "algorithm='RS256'", KEY, "DESTINATION_X_KEY", "is not a private key as PEM"),
        (
            SHORT + "algorithm='RS256'",
            {"DESTINATION_X_KEY": pem(ec.generate_private_key(ec.SECP256R1()))},
            "DESTINATION_X_KEY",
            "does not fit RS256",
        ),
        (
            SHORT,
            {**KEY, "DESTINATION_X_PREVIOUS_KEY": "short"},
            "DESTINATION_X_PREVIOUS_KEY",
            "5 bytes long",
        ),
        (SHORT, {**KEY, "DESTINATION_Y_KEY": "y"}, "DESTINATION_Y_KEY", "did you mean"),
        (
            SHORT + "path='/pandium-sso'",
            {**KEY, **PANDIUM},
            "[x] path",
            "/pandium-sso belongs to pandium and x",
        ),
        (
            TWO_PAGES_OF_ONE_SHAPE,
            KEY,
            "[x] path",
            "is not unique: /x-sso/{} belongs to x and x",
        ),
    ],
)
def test_a_wrong_key_or_path_is_named(
    load: Load, rows: Rows, row: str, variables: dict[str, str], variable: str, words: str
) -> None:
    assert words in problems(load, PROXY, rows(row), variables)[variable]


@pytest.mark.requirement("R48")
def test_a_faulty_row_hides_nothing_of_the_others(load: Load, rows: Rows) -> None:
    file = rows(SHORT + "adress='y'\n" + SHORT.replace("x", "y") + SHORT.replace("x", "z"))

    found = problems(load, PROXY, file, KEY, DESTINATION_Y_KEY="short", DESTINATION_Z_KEEY="z")

    assert set(found) == {
        "rows.toml [x] adress",
        "DESTINATION_Y_KEY",
        "DESTINATION_Z_KEY",
        "DESTINATION_Z_KEEY",
    }
    assert found["DESTINATION_Z_KEEY"].endswith("did you mean DESTINATION_Z_KEY?")


@pytest.mark.requirement("R48")
def test_an_unreadable_file_does_not_make_the_keys_of_its_rows_unknown(
    load: Load, rows: Rows
) -> None:
    assert set(problems(load, PROXY, rows("[x"), KEY)) == {"rows.toml"}


@pytest.mark.requirement("R48")
def test_without_a_file_a_key_of_a_row_is_not_known(load: Load) -> None:
    assert problems(load, PROXY, PANDIUM, KEY) == {
        "DESTINATION_X_KEY": "is not a known variable; no row of SSO_DESTINATIONS_FILE reads it: "
        "add the row, or remove it"
    }


def test_a_limit_that_no_token_keeps_is_told_at_sign_on(load: Load) -> None:
    (vendor, *_) = load(PROXY, PANDIUM, SSO_MAX_LOCATION_BYTES="256").destinations

    assert vendor.target.max_location_bytes == 256
