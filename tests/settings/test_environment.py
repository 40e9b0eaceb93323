import os
from pathlib import Path
from unittest import mock

import pytest
import trustme

from tests.in_process import Load, problems
from tests.samples import APIFUSE, APIFUSE_SECRET, PANDIUM, PROXY


@pytest.mark.requirement("R48")
def test_a_variable_that_is_not_utf8_is_named(load: Load) -> None:
    found = problems(load, PROXY, PANDIUM, {"SSO_\udcff": "x", "PANDIUM_ACCOUNT": "\udcff"})

    assert found == {"SSO_\\udcff": "is not UTF-8", "PANDIUM_ACCOUNT": "is not UTF-8"}


@pytest.mark.requirement("R62")
def test_the_environment_is_utf8_in_every_locale(load: Load) -> None:
    latin = "B\u00fcro".encode().decode("latin-1")  # as Python reads it where a locale is Latin-1
    with mock.patch.object(os.environ, "encodevalue", lambda text: text.encode("latin-1")):
        config = load(PROXY, PANDIUM, SSO_REQUIRED_GROUPS=latin)

    assert config.service.required_groups == ("B\u00fcro",)


def test_run_secrets_is_read_where_it_exists(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "APIFUSE_API_SECRET").write_text(APIFUSE_SECRET)
    monkeypatch.setattr("app.settings.process.RUN_SECRETS", tmp_path)

    config = load(PROXY, {name: APIFUSE[name] for name in APIFUSE if "SECRET" not in name})

    assert config.secrets == (APIFUSE_SECRET,)


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("variable", "value", "wrong"),
    [
        ("SSL_CERT_FILE", "", "cannot be read: No such file"),
        ("SSL_CERT_FILE", "{}/missing.pem", "cannot be read: No such file"),
        ("SSL_CERT_FILE", "{}", "cannot be read: Is a directory"),
        ("SSL_CERT_FILE", "{}/ca.der", "has no certificate in PEM"),
        ("SSL_CERT_DIR", "", "is no folder"),
        ("SSL_CERT_DIR", "{0}/ca.der:{0}/missing", "is no folder"),
    ],
)
def test_authorities_that_are_not_there_are_a_problem(
    load: Load,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    wrong: str,
) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "ca.der").write_bytes(b"\x30\x82")

    found = problems(load, PROXY, PANDIUM, {variable: value.format(tmp_path)})

    assert list(found) == [variable]
    assert found[variable].startswith(wrong)


def test_authorities_may_be_in_a_file_and_in_one_of_several_folders(
    load: Load, tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")

    load(PROXY, PANDIUM, SSL_CERT_FILE=f"{tmp_path}/ca.pem", SSL_CERT_DIR=f"/no:{tmp_path}")
