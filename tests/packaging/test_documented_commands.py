"""The commands of the documents, run as they are printed, from an empty shell.

tests/documented.py lists them, and says of the others why no test runs them.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import documented
from tests.documented import ROOT, blocks
from tests.system.service import free_port

OF_THIS_MACHINE = ("PIP_", "UV_", "SSL_", "HTTP_", "HTTPS_", "NO_PROXY")
"""How pip and uv reach an index from here is no part of a document."""
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SECONDS = 240


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a fresh clone has, with nothing beside it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - in PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no checkout: there is no list of its files")  # as in an sdist
    folder = tmp_path / "checkout"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / "pandium-secret").write_text(secrets.token_urlsafe(48))
    (folder / "acme-secret").write_text(secrets.token_urlsafe(48))
    return folder


def shell_environment(home: Path, *path: str) -> dict[str, str]:
    """Return the environment of an empty shell; `path` comes before the system's own."""
    ours = {"UV_SYSTEM_CERTS": "true"}  # pip trusts the machine's own certificates, too
    ours |= {name: value for name, value in os.environ.items() if name.startswith(OF_THIS_MACHINE)}
    python = str(Path(sys.executable).resolve().parent)
    places = [*path, str(home / ".local/bin"), python, SYSTEM]
    return {**ours, "HOME": str(home), "PATH": ":".join(places)}


def run(lines: list[str], checkout: Path, *path: str, **variables: str) -> str:
    """Run lines of a document in one shell and return what it said; each has to succeed."""
    ended = subprocess.run(  # noqa: S603 - the commands of our own documents
        ["/bin/bash", "-euc", "\n".join(lines)],
        cwd=checkout,
        env={**shell_environment(checkout.parent, *path), **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


INSTALLED = str(Path(sys.executable).parent)
"""Where `marketplace-sso` is, for the commands that come after the installation."""


def block(document: str, beginning: str) -> list[str]:
    (found,) = [each for each in blocks(document) if each[0].startswith(beginning)]
    return found


@contextlib.contextmanager
def going_on(
    lines: list[str], checkout: Path, *path: str, until: str, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run lines whose last one does not end; yield once it has printed `until`."""
    said = checkout.parent / "said.txt"
    with (
        said.open("w") as output,
        subprocess.Popen(  # noqa: S603 - the commands of our own documents
            ["/bin/bash", "-euc", "\n".join(lines)],
            cwd=checkout,
            env={**shell_environment(checkout.parent, *path), **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + SECONDS
            while until not in said.read_text():
                assert process.poll() is None, said.read_text()
                assert time.monotonic() < deadline, said.read_text()
                time.sleep(0.1)
            yield process, said.read_text()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("tool", ["pipx", "uv", "python3"])
def test_each_way_to_install_puts_the_command_on_the_path(checkout: Path, tool: str) -> None:
    (line,) = [line for line in block("README.md", "pipx") if line.startswith(tool)]
    path = [INSTALLED] if tool == "uv" else []  # one of the development tools
    if tool == "pipx" and shutil.which(tool, path=SYSTEM) is None:
        pytest.skip("there is no pipx: apt-get install pipx")  # .ci/run installs it
    if tool == "python3":
        line += f"\n{block('README.md', 'pip install --require-hashes')[0]}"

    said = run(
        [line, "hash -r", "command -v marketplace-sso", "marketplace-sso --version"],
        checkout,
        *([str(shim(checkout, "uv"))] if path else []),
    )

    where, version = said.splitlines()[-2:]
    assert where.startswith(str(checkout.parent))
    assert re.fullmatch(r"(marketplace-sso )?\d+\.\d+\.\d+", version)


def shim(checkout: Path, tool: str) -> Path:
    """Return a folder with one tool in it, and nothing else of its environment."""
    folder = checkout.parent / "tools"
    folder.mkdir()
    (folder / tool).symlink_to(Path(INSTALLED) / tool)
    return folder


@pytest.mark.timeout(SECONDS)
def test_make_demo_shows_its_addresses_and_the_redirect(checkout: Path) -> None:
    (line,) = block("README.md", "make demo")

    with going_on([line], checkout, until="Ctrl-C ends the demo.") as (_, said):
        (curl,) = re.findall(r"^  (curl .*)$", said, re.MULTILINE)
        assert run([curl], checkout).startswith("HTTP/1.1 307 ")


def test_the_example_serves_and_the_request_is_answered(checkout: Path) -> None:
    bind = f"127.0.0.1:{free_port()}"
    lines = block("README.md", "set -a")
    (curl,) = block("README.md", "curl -si http://127.0.0.1:8000")

    with going_on(lines, checkout, INSTALLED, until="Booting worker", SSO_BIND=bind):
        answer = run([curl.replace("127.0.0.1:8000", bind)], checkout)

    assert answer.startswith("HTTP/1.1 307 ")


def test_mint_prints_what_the_example_gives(checkout: Path) -> None:
    variables = block("README.md", "set -a")[0]

    said = run([variables, *block("README.md", "marketplace-sso mint")], checkout, INSTALLED)

    assert '"sub": "ada@acme.example"' in said


def test_the_lines_behind_a_login_serve(checkout: Path) -> None:
    lines = block("README.md", "export SSO_AUTHENTICATORS")
    bind = f"127.0.0.1:{free_port()}"
    lines = [line.replace("10.0.3.8:8000", bind) for line in lines]  # an address of this machine

    with going_on(lines, checkout, INSTALLED, until="Booting worker") as (process, said):
        assert process.poll() is None
        assert "/pandium-sso" in said


def test_a_row_is_minted_and_learned_from_a_sample(checkout: Path) -> None:
    page = (ROOT / "docs" / "destinations.md").read_text(encoding="utf-8")
    (row, *_) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (checkout / "destinations.toml").write_text(row)
    mint = block("docs/destinations.md", "export SSO_DESTINATIONS_FILE")
    learn = block("docs/destinations.md", "marketplace-sso learn")

    minted = run([mint[0], f"{mint[1]} --json"], checkout, INSTALLED)
    (token,) = set(re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", minted))
    said = run([*mint, *(line.replace("eyJ…", token) for line in learn)], checkout, INSTALLED)

    assert "[acme]" in said


@pytest.mark.timeout(SECONDS)
def test_an_authenticator_of_ones_own_is_installed_and_checked(checkout: Path) -> None:
    install, *lines = block("docs/examples/authenticator/README.md", "pip install")
    into = ["python3 -m venv .venv && . .venv/bin/activate && pip install .", install]
    vendor = {"PANDIUM_ACCOUNT": "acme", "PANDIUM_SHARED_SECRET": secrets.token_urlsafe(48)}

    said = run([*into, *lines], checkout, **vendor)

    assert "acme-session" in said


def test_what_is_said_to_be_run_is_run_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")

    for document in documented.RUN:
        assert f'"{document}"' in text
