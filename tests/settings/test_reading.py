from pathlib import Path

import pytest

from tests.in_process import Load, problems
from tests.samples import PANDIUM, PANDIUM_SECRET, PROXY


def test_secrets_can_be_files(load: Load, tmp_path: Path) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(f"{PANDIUM_SECRET}\n")
    (tmp_path / "unrelated").write_text("x")

    config = load(PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path))

    assert config.secrets == (PANDIUM_SECRET,)


@pytest.mark.requirement("R48")
def test_a_variable_that_is_also_a_file_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(PANDIUM_SECRET)

    found = problems(load, PROXY, PANDIUM, SECRETS_DIR=str(tmp_path))

    assert "in the environment and as a file" in found["PANDIUM_SHARED_SECRET"]


@pytest.mark.requirement("R48")
def test_a_file_with_a_misspelt_name_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "PANDIUM_SHARD_SECRET").write_text(PANDIUM_SECRET)

    found = problems(load, PROXY, PANDIUM, SECRETS_DIR=str(tmp_path))

    assert "did you mean PANDIUM_SHARED_SECRET?" in found["PANDIUM_SHARD_SECRET"]


@pytest.mark.requirement("R48")
def test_every_problem_is_told_at_once(load: Load) -> None:
    found = problems(
        load,
        SSO_AUTHENTICATORS="oauth2-proxy,corp=nope",
        SSO_LOG_LEVEL="loud",
        SSO_LGO_FORMAT="json",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="*",
        AUTH_OAUTH2_PROXY_TRUSTED_PROXYS="10.0.0.1",
        AUTH_CORP_ISSUER="not looked at: what reads it is not known",
        PANDIUM_ENVIRONMENT="prod",
        APIFUSE_ORG_ID="4711",
        SECRETS_DIR="/no/such/folder",
        WEB_CONCURRENCY="0",
    )

    assert set(found) == {
        "APIFUSE_API_SECRET",
        "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES",
        "AUTH_OAUTH2_PROXY_TRUSTED_PROXYS",
        "PANDIUM_ENVIRONMENT",
        "PANDIUM_SHARED_SECRET",
        "SECRETS_DIR",
        "SSO_AUTHENTICATORS",
        "SSO_LGO_FORMAT",
        "SSO_LOG_LEVEL",
        "WEB_CONCURRENCY",
    }


@pytest.mark.requirement("R48")
def test_an_empty_environment_lists_what_is_required(load: Load) -> None:
    found = problems(load)

    assert set(found) == {"SSO_AUTHENTICATORS", "PANDIUM_SHARED_SECRET"}


@pytest.mark.requirement("R48")
def test_an_unknown_variable_is_named(load: Load) -> None:
    found = problems(
        load, PROXY, PANDIUM, SSO_DESTINATION_FILE="x", APIFUSE="not ours", SSO_XYZZY="x"
    )

    assert found == {
        "SSO_DESTINATION_FILE": "is not a known variable; did you mean SSO_DESTINATIONS_FILE?",
        "SSO_XYZZY": "is not a known variable; remove it",
    }


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    "more",
    [
        {"SSO_AUTHENTICATORS": "oauth2-prxy"},
        {"SSO_AUTHENTICATORS": "oauth2-proxy,A B"},
        {"SSO_BIND": "nowhere"},
    ],
)
def test_a_mistake_in_the_list_of_authenticators_does_not_make_their_variables_unknown(
    load: Load, more: dict[str, str]
) -> None:
    found = problems(load, PROXY, PANDIUM, {"AUTH_CORP_ISSUER": "x"}, more)

    assert set(found) == {next(iter(more))}


@pytest.mark.parametrize("after", [" ", "\r", "\r\n", "\t"])
def test_blanks_and_line_ends_around_a_value_do_not_count(load: Load, after: str) -> None:
    variables = {"SSO_LOG_LEVEL": f"debug{after}", "PANDIUM_ACCOUNT": f" acme{after}"}

    config = load(PROXY, PANDIUM, variables, AUTH_OAUTH2_PROXY_GROUPS_SEPARATOR=" ")

    assert config.service.log_level == "debug"
    assert config.destinations[0].address == "https://imp.pandium.io/acme"


@pytest.mark.requirement("R48")
@pytest.mark.parametrize("line", ["$env:SSO_LOG_LEVEL='info'", "SSO-LOG-LEVEL=info", "'a b'=1"])
def test_a_line_of_env_file_whose_name_is_none_is_named(
    load: Load, tmp_path: Path, line: str
) -> None:
    file = tmp_path / "more.env"
    file.write_text(f"# names\n{line}\n")

    found = problems(load, PROXY, PANDIUM, ENV_FILE=str(file))

    assert found == {"ENV_FILE": f"line 2 is not NAME=value ({file})"}


@pytest.mark.requirement("R48")
def test_a_variable_that_is_also_in_env_file_is_refused(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "more.env"
    file.write_text("PANDIUM_ACCOUNT=acme\nSSO_LOG_LEVEL=debug\n")
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "SSO_LOG_LEVEL").write_text("info")

    found = problems(load, PROXY, PANDIUM, ENV_FILE=str(file), SECRETS_DIR=str(folder))

    assert found == {
        "PANDIUM_ACCOUNT": "is set in the environment and in ENV_FILE; keep one of them",
        "SSO_LOG_LEVEL": "is set in ENV_FILE and as a file; keep one of them",
    }


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    "name",
    [
        "AUTH_PORT",
        "AUTH_SERVICE_HOST",
        "SSO_SERVICE_PORT_HTTP",
        "SSO_PORT_8000_TCP_ADDR",
        "PANDIUM_GATE_PORT_53_UDP",
    ],
)
def test_a_service_link_of_kubernetes_is_called_so(load: Load, name: str) -> None:
    found = problems(load, PROXY, PANDIUM, {name: "tcp://10.96.0.17:80"})

    assert "set enableServiceLinks: false" in found[name]


@pytest.mark.requirement("R48", "R65")
def test_names_that_differ_in_case_are_one_variable(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, pandium_account="other")

    assert found == {
        "PANDIUM_ACCOUNT": (
            "is set twice in the environment, as PANDIUM_ACCOUNT and as pandium_account; "
            "keep one of them"
        )
    }


@pytest.mark.requirement("R62")
def test_kubernetes_own_entries_of_a_folder_of_secrets_are_not_ours(
    load: Load, tmp_path: Path
) -> None:
    data = tmp_path / "..2026_11_26_00_00_00.1"
    data.mkdir()
    (data / "PANDIUM_SHARED_SECRET").write_text(PANDIUM_SECRET)
    (tmp_path / "..data").symlink_to(data.name)
    (tmp_path / "PANDIUM_SHARED_SECRET").symlink_to("..data/PANDIUM_SHARED_SECRET")
    (tmp_path / "kubernetes.io").mkdir()
    (tmp_path / ".hidden").write_bytes(b"\xff")

    config = load(PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path))

    assert config.secrets == (PANDIUM_SECRET,)


@pytest.mark.requirement("R48")
def test_a_mistake_beside_them_does_not_hide_the_files_of_variables(
    load: Load, tmp_path: Path
) -> None:
    (tmp_path / "PANDIUM_SHARED_SECRET").write_text(PANDIUM_SECRET)

    found = problems(
        load, PROXY, PANDIUM_ACCOUNT="acme", SECRETS_DIR=str(tmp_path), WEB_CONCURRENCY="0"
    )

    assert set(found) == {"WEB_CONCURRENCY"}


@pytest.mark.requirement("R62")
def test_a_folder_that_may_not_be_entered_is_no_default(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_path: Path) -> bool:
        raise PermissionError

    monkeypatch.delenv("SSL_CERT_DIR", raising=False)  # a folder, too
    monkeypatch.setattr(Path, "is_dir", forbidden)

    assert load(PROXY, PANDIUM).process.secrets_dir is None
