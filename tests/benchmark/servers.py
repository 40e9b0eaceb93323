"""Who is measured: how each server starts, pinned to one core, and what it costs."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(__file__).with_name("node")
GO = ROOT / ".venv-bench" / "bin" / "go-contender"
"""Built by `make bench` where Go is installed."""

SECRET = "bench-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
BROWSER = {
    "Accept": "text/html,application/xhtml+xml",
    "Sec-Fetch-Dest": "iframe",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "same-origin",
}
ADA = {
    **BROWSER,
    "X-Forwarded-User": "u-17",
    "X-Forwarded-Email": "ada@acme.example",
    "X-Forwarded-Preferred-Username": "Ada Lovelace",
    "X-Forwarded-Groups": "engineering,admins",
}
HEADER_LOGIN = {
    "SSO_AUTHENTICATORS": "oauth2-proxy",
    "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "127.0.0.1/32",
}
SERVICE = {
    "SSO_DRAIN_SECONDS": "0",
    "PANDIUM_ACCOUNT": "acme",
}
START_SECONDS = 20
SERVER_CORE = "0"
GUNICORN = (sys.executable, "-m", "gunicorn", "--no-control-socket", "--log-level", "error")
HERE = "tests.benchmark.contenders"


@dataclass(frozen=True)
class Contender:
    """A server and its load.

    `command` and `environment` have `{port}` in them; `cores` are those that it may use. `script`
    is one of wrk's, which reads `load_environment`; a request that the script does not change has
    `headers`, and is answered by `expected`.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "/pandium-sso"
    headers: Mapping[str, str] = field(default_factory=lambda: ADA)
    script: str = ""
    load_environment: Mapping[str, str] = field(default_factory=dict)
    cores: str = SERVER_CORE
    expected: int = 307


def service(
    name: str,
    environment: Mapping[str, str],
    login: Mapping[str, str] = HEADER_LOGIN,
    **more: Any,
) -> Contender:
    """Return the shipped service behind a login, with its own environment."""
    own = {**SERVICE, **login, **environment, "SSO_BIND": "127.0.0.1:{port}"}
    return Contender(name, (sys.executable, "-m", "app", "serve"), own, **more)


def host() -> Contender:
    """Return the host application that introspection asks; it shares the core of the load."""
    return Contender(
        "host application",
        (*GUNICORN, "-k", "asgi", "-b", "127.0.0.1:{port}", f"{HERE}.host:application"),
        path="/api/me",
        headers={"Cookie": "sessionid=ada"},
        cores="1",
        expected=200,
    )


def contenders() -> list[Contender]:
    """Return the servers to compare; those of Node only if it is installed."""
    bare = (*GUNICORN, "-k", "uvicorn_worker.UvicornWorker", "-b", "127.0.0.1:{port}")
    found = [
        service("marketplace-sso", {}),
        Contender("bare Falcon 307, same worker", (*bare, f"{HERE}.bare_falcon:application")),
        Contender(
            "FastAPI + PyJWT, uvicorn",
            (
                *(sys.executable, "-m", "uvicorn", "--port", "{port}", "--log-level", "error"),
                f"{HERE}.fastapi_pyjwt:application",
            ),
        ),
        Contender(
            "vendor's sample, gunicorn sync",
            (*GUNICORN, "-b", "127.0.0.1:{port}", f"{HERE}.vendor_sample:application"),
        ),
        Contender(
            "Flask + PyJWT, gunicorn gthread",
            (
                *(*GUNICORN, "-k", "gthread", "--threads", "8", "-b", "127.0.0.1:{port}"),
                f"{HERE}.flask_pyjwt:application",
            ),
        ),
    ]
    if GO.is_file():
        found.append(Contender("net/http + golang-jwt, Go", (str(GO),), {"PORT": "{port}"}))
    if shutil.which("node") and (NODE / "node_modules").is_dir():
        names = {
            "express": "Express + jsonwebtoken",
            "fastify": "Fastify + jose",
            "fastify-fast-jwt": "Fastify + fast-jwt",
        }
        for file, name in names.items():
            command = ("node", str(NODE / f"{file}.js"))
            found.append(Contender(f"{name}, Node", command, {"PORT": "{port}"}))
    return found


class Running:
    """A server that runs, and what its processes have used."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, start_seconds: float) -> None:
        self.process = process
        self.port = port
        self.start_seconds = start_seconds

    def _pids(self) -> list[int]:
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def cpu_seconds(self) -> float:
        """Return the processor time of the server and its workers."""
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        """Return the resident memory of one worker, or of the only process."""
        lines = Path(f"/proc/{self._pids()[-1]}/status").read_text().splitlines()
        (line,) = [each for each in lines if each.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024


@contextlib.contextmanager
def running(contender: Contender) -> Iterator[Running]:
    """Start a server on its cores, wait until it answers, and stop it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {
        "PATH": os.defpath,
        "PANDIUM_SHARED_SECRET": SECRET,
        **{n: v.replace("{port}", str(port)) for n, v in contender.environment.items()},
    }
    words = [word.format(port=port) for word in contender.command]
    command = ["taskset", "-c", contender.cores, *words]
    process = subprocess.Popen(  # noqa: S603 - commands of this file
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield Running(process, port, wait_for_the_first_answer(contender, port))
    finally:
        process.terminate()
        process.wait(30)


def wait_for_the_first_answer(contender: Contender, port: int) -> float:
    """Ask until the expected answer comes, and give the seconds that it took.

    Raises:
        TimeoutError: it does not come.
    """
    started = time.monotonic()
    while time.monotonic() < started + START_SECONDS:
        if status(port, contender.path, contender.headers) == contender.expected:
            return time.monotonic() - started
        time.sleep(0.005)
    raise TimeoutError(f"{contender.name} does not answer {contender.expected}")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def status(port: int, path: str, headers: Mapping[str, str]) -> int:
    """Return the status of one answer, or 0 without an answer."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=dict(headers))
    try:
        with urllib.request.build_opener(_NoRedirects).open(asked, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return 0
