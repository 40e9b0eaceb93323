"""A broken file never starts the service and never ends it: it is named, and the old one serves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from tests.broken_files import BROKEN, Broken, sound

from .acme import ADA
from .service import COMMAND, ROOT, Service, eventually, minimal, serving

WITHOUT_PRIVILEGES = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)
"""As an ordinary user is: even root may then read only what its permissions say."""

STARTED = BROKEN[::6]
"""A start takes most of a second: every sixth kind is enough of them, of every file."""

LOGIN = {
    "SSO_AUTHENTICATORS": "pem=jwt,set=jwt,oauth2-proxy",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
}


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def refusals(service: Service) -> list[list[str]]:
    lines = (
        json.loads(line) for line in service.stdout.splitlines() if "configuration_ref" in line
    )
    return [line["problems"] for line in lines]


@pytest.mark.requirement("R49", "R62")
def test_every_kind_of_broken_file_keeps_the_old_configuration_and_is_named_once(
    tmp_path: Path,
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    with serving({**sound(files), **LOGIN}, tmp_path / "service") as service:
        for number, broken in enumerate(BROKEN, 1):
            emptied(files)
            sound(files)
            broken.breaks(files)
            service.process.send_signal(signal.SIGHUP)
            eventually(partial(has_refused, service, number))

            (*_, problems) = refusals(service)
            assert any(broken.variable in each for each in problems), (broken.name, problems)
            assert service.process.poll() is None, broken.name
        assert service.get("/pandium-sso", *ADA).status == 307

        emptied(files)
        sound(files)
        service.process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration_taken" in service.output)
        assert service.get("/pandium-sso", *ADA).status == 307
        assert "Traceback" not in service.output


def has_refused(service: Service, times: int) -> bool:
    return len(refusals(service)) == times


def started(environment: dict[str, str], *prefix: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        (*prefix, *COMMAND, "serve"),
        cwd=ROOT,
        env=minimal({"SSO_BIND": "127.0.0.1:0", **environment}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.requirement("R48", "R62")
@pytest.mark.parametrize("broken", STARTED, ids=[broken.name for broken in STARTED])
def test_a_broken_file_is_a_named_problem_at_start(tmp_path: Path, broken: Broken) -> None:
    environment = {**sound(tmp_path), **LOGIN}
    broken.breaks(tmp_path)

    ended = started(environment)

    assert ended.returncode == 2
    assert broken.variable in ended.stderr
    assert "the service does not start" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.requirement("R48", "R62")
@pytest.mark.parametrize(
    ("file", "variable"),
    [
        ("more.env", "ENV_FILE"),
        ("rows.toml", "rows.toml"),
        ("key.pem", "AUTH_PEM_PUBLIC_KEY_FILE"),
        ("keys.json", "AUTH_SET_JWKS_FILE"),
        ("secrets/PANDIUM_SHARED_SECRET", "PANDIUM_SHARED_SECRET"),
        ("secrets", "SECRETS_DIR"),
    ],
)
def test_what_may_not_be_read_is_a_named_problem_at_start(
    tmp_path: Path, file: str, variable: str
) -> None:
    environment = {**sound(tmp_path), **LOGIN}
    path = tmp_path / file
    mode = path.stat().st_mode
    path.chmod(0)

    ended = started(environment, *WITHOUT_PRIVILEGES if os.geteuid() == 0 else ())

    path.chmod(mode)
    assert ended.returncode == 2
    assert variable in ended.stderr
    assert "Traceback" not in ended.stderr
