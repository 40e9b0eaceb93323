"""The image: built from the Dockerfile, looked through, and started as Kubernetes would start it.

There is no Docker engine here: buildah builds (build_image.sh says how), and namespaces of the
kernel do at the start what a container runtime does: a read-only root, a process tree of its own,
a user that nobody knows.
"""

import http.client
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
TOOLS = ["buildah", "debootstrap", "unshare"]
SECRET = secrets.token_hex(32)
RANDOM_USER = 48_611

# $1 root, $2 folder with secrets, $3 user and group, the rest: what the image starts.
START = """
set -eu
root=$1 secrets=$2 user=$3
shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mkdir -p "$root/run/secrets"
mount --bind "$secrets" "$root/run/secrets"
touch "$root/etc/hosts"
mount --bind /etc/hosts "$root/etc/hosts"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec="$user:$user" --groups= "$root" "$@"
"""


def why_not() -> str:
    """What is missing to build and start an image here; nothing where it can be done."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} missing (Debian: apt-get install buildah debootstrap)"
    if os.geteuid() != 0:
        return "building the base and mounting it take root"
    unshare = [str(shutil.which("unshare")), "--mount", "--pid", "--fork", "true"]
    if subprocess.run(unshare, check=False).returncode:  # noqa: S603 - a question to the kernel
        return "this sandbox lets nobody make namespaces"
    return ""


pytestmark = [
    pytest.mark.skipif(bool(why_not()), reason=why_not() or "it can be done"),
    pytest.mark.timeout(600),  # most of it for the base and the packages, once
]


class Image:
    """The built image: its file system and what it says of itself."""

    def __init__(self, folder: Path) -> None:
        self.root = (folder / "rootfs").resolve()
        config = json.loads((folder / "image.json").read_text())["Docker"]["config"]
        self.config: dict[str, Any] = config
        self.environment = dict(line.split("=", 1) for line in config["Env"])

    def start(
        self, arguments: list[str], secrets_dir: Path, output: Path, **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start it; what it says goes to the file `output`."""
        variables = [
            f"{name}={value}" for name, value in {**self.environment, **environment}.items()
        ]
        command = [
            *("/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child"),
            *("sh", "-c", START, "start", str(self.root), str(secrets_dir), str(RANDOM_USER)),
            # env -i: no HOME, nor anything else that the image and the operator do not set.
            *("env", "-i", *variables, *self.config["Entrypoint"], *arguments),
        ]
        with output.open("wb") as file:
            return subprocess.Popen(  # noqa: S603 - our own image
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT
            )


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    folder = tmp_path_factory.mktemp("image")
    script = PROJECT / "tests/packaging/build_image.sh"
    try:
        environment = {**os.environ, "PYTHON": sys.executable}  # whose pip knows the index
        subprocess.run([script, folder], check=True, timeout=540, env=environment)  # noqa: S603 - ours
        image = Image(folder)
        # Stricter than a read-only root, under which /tmp is there and cannot be written.
        (image.root / "tmp").rmdir()
        yield image
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def service(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Service"]:
    secrets_dir = tmp_path_factory.mktemp("secrets")
    (secrets_dir / "PANDIUM_SHARED_SECRET").write_text(SECRET)
    secrets_dir.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        bind = f"127.0.0.1:{listener.getsockname()[1]}"
    service = Service(image, secrets_dir, bind, tmp_path_factory.mktemp("service") / "output")
    try:
        service.wait_until_it_answers()
        yield service
    finally:
        service.process.kill()
        service.process.wait(10)


class Service:
    """The service, started from the image with a configuration as a deployment has it."""

    def __init__(self, image: Image, secrets_dir: Path, bind: str, output: Path) -> None:
        self.bind = bind
        self.output = output
        self.process = image.start(
            image.config["Cmd"],
            secrets_dir,
            output,
            SSO_BIND=bind,
            SSO_AUTHENTICATORS="oauth2-proxy",
            AUTH_OAUTH2_PROXY_TRUSTED_PROXIES="127.0.0.1/32",
            PANDIUM_ACCOUNT="acme",
        )

    def ask(self, path: str, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self.bind, timeout=10)
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def wait_until_it_answers(self) -> None:
        for _ in range(200):
            try:
                self.ask("/livez")
            except ConnectionRefusedError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"the image does not start: {self.output.read_text()}")

    def first_process(self) -> int:
        """The process that is number 1 inside, by the number it has out here."""
        unshare = self.process.pid
        return int(Path(f"/proc/{unshare}/task/{unshare}/children").read_text())


def names_in(image: Image, *folders: str) -> set[str]:
    return {path.name for folder in folders for path in image.root.glob(folder)}


@pytest.mark.requirement("R53")
def test_the_image_has_what_is_locked_and_nothing_else(image: Image) -> None:
    locked = re.findall(
        r"^([a-z0-9-]+)==", (PROJECT / "requirements.lock").read_text(), re.MULTILINE
    )
    installed = names_in(image, "opt/venv/lib/python3*/site-packages/*.dist-info")

    names = {name.partition("-")[0].replace("_", "-").lower() for name in installed}
    assert names == {"marketplace-sso", *locked}


@pytest.mark.requirement("R53")
def test_the_image_has_no_installer_no_compiler_and_no_development_tool(image: Image) -> None:
    commands = names_in(image, "usr/bin/*", "usr/sbin/*", "usr/local/bin/*", "opt/venv/bin/*")
    modules = names_in(image, "usr/lib/python3*/*", "**/site-packages/*", "**/dist-packages/*")

    installers = {"pip", "pip3", "uv", "easy_install", "hatchling"}
    assert not commands & {*installers, "gcc", "cc", "g++", "make", "ld", "pytest", "ruff", "mypy"}
    assert not modules & {*installers, "ensurepip", "setuptools", "wheel", "pytest", "_pytest"}
    assert {"python", "gunicorn"} <= commands


@pytest.mark.requirement("R53")
def test_nothing_of_the_build_is_left_in_the_image(image: Image) -> None:
    assert not names_in(image, "build", "root/.cache", "root/.config", "opt/venv/**/tests/*sso*")
    assert not names_in(image, "**/*.whl")
    assert names_in(image, "opt/*") == {"venv", "healthcheck.py"}
    assert not [name for name in image.environment if name.startswith(("PIP_", "SSL_"))]
    pip_conf = image.root / "etc/pip.conf"  # where the build had one mounted
    assert not pip_conf.exists() or pip_conf.read_text() == ""


@pytest.mark.requirement("R53")
def test_the_image_runs_as_a_number_that_is_not_root(image: Image) -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", image.config["User"])


def test_the_image_starts_without_a_shell_and_says_what_it_is(image: Image) -> None:
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
    labels = image.config["Labels"]

    assert image.config["Entrypoint"] == ["python", "-m", "app"]
    assert image.config["Cmd"] == ["serve"]
    assert image.config["StopSignal"] == "SIGTERM"
    assert image.config["Healthcheck"]["Test"] == ["CMD", "python", "/opt/healthcheck.py"]
    assert image.config["ExposedPorts"] == {"8000/tcp": {}}
    assert image.environment["SSO_BIND"] == "0.0.0.0:8000"
    assert labels["org.opencontainers.image.title"] == "marketplace-sso"
    assert labels["org.opencontainers.image.version"] == version


@pytest.mark.requirement("R51")
def test_it_runs_on_a_read_only_root_without_home_and_tmp_as_an_unknown_user(
    service: Service,
) -> None:
    root = Path(f"/proc/{service.first_process()}/root")
    status = Path(f"/proc/{service.first_process()}/status").read_text()

    assert service.ask("/livez").status == 200
    assert f"Uid:\t{RANDOM_USER}" in status
    assert "NoNewPrivs:\t1" in status
    assert os.statvfs(root).f_flag & os.ST_RDONLY
    assert not (root / "tmp").exists()


@pytest.mark.requirement("R51")
def test_it_signs_on_with_the_secret_from_a_file(service: Service) -> None:
    headers = {"X-Forwarded-User": "u-17", "X-Forwarded-Email": "ada@acme.example"}

    response = service.ask("/pandium-sso", **headers)

    assert response.status == 307
    assert SECRET not in response.headers["Location"]


def test_the_health_check_of_the_image_finds_it_healthy(service: Service) -> None:
    inside = ["nsenter", "--target", str(service.first_process()), "--mount", "--root"]
    check = ["env", "-i", f"SSO_BIND={service.bind}", "/opt/venv/bin/python", "/opt/healthcheck.py"]

    result = subprocess.run([*inside, *check], check=False)  # noqa: S603 - our own image

    assert result.returncode == 0


def test_the_demo_of_the_image_signs_on_by_itself(image: Image, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    demo = image.start(["demo", "--once"], tmp_path, tmp_path / "output")
    try:
        status = demo.wait(60)
    finally:
        demo.kill()

    assert status == 0, (tmp_path / "output").read_text()


def test_as_process_number_one_it_ends_well_on_sigterm(service: Service) -> None:
    os.kill(service.first_process(), signal.SIGTERM)

    assert service.process.wait(30) == 0
