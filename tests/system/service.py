"""The shipped service as a process of its own, and a client that sends bytes as they are.

HTTP libraries normalise what a hostile client would not: they merge fields, quote paths, refuse
to send a NUL. Here a request is bytes, and an answer is what came back.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "app")
START_SECONDS = 20.0
STOP_SECONDS = 15.0
ANSWER_SECONDS = 10.0
WAIT_SECONDS = 15.0
UNTOLD = (
    r"eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    r"\?[A-Za-z_]+=",
    r"\b([Cc]ookie|[Aa]uthorization|[Rr]eferer)\b(?! [a-z])\W",  # a field, and not a sentence
    r"[A-Za-z0-9._-]+@acme\.example",
)
NO_BODY = frozenset({204, 304})


class NoAnswer(Exception):
    """The connection ended, or stayed silent, before a whole answer was there."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: field names in lower case, values as Latin-1 text."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name.lower()]

    def get(self, name: str) -> str | None:
        """The value of a field that may come at most once."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} was answered {len(values)} times")
        return values[0] if values else None

    def __getitem__(self, name: str) -> str:
        """The value of a field that must come exactly once."""
        value = self.get(name)
        if value is None:
            raise AssertionError(f"{name} is missing from {self}")
        return value

    @property
    def media_type(self) -> str:
        return (self.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    def json(self) -> Any:  # any JSON value
        return json.loads(self.body)


class Connection:
    """One connection; `exchange` may be called again for as long as the service keeps it open."""

    def __init__(self, bind: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        if bind.startswith("unix:"):
            self._socket = socket.socket(socket.AF_UNIX)
            address: Any = bind.removeprefix("unix:")
        else:
            host, _, port = bind.rpartition(":")
            family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
            self._socket = socket.socket(family)
            address = (host.strip("[]"), int(port))
        self._socket.settimeout(answer_seconds)
        self._buffer = b""
        try:
            self._socket.connect(address)
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        # A service that has heard enough may hang up while we talk; its answer is still there.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data)

    def exchange(self, data: bytes) -> Answer:
        self.send(data)
        return self.answer(to_head=data.startswith(b"HEAD "))

    def answer(self, *, to_head: bool = False) -> Answer:
        """The next whole answer."""
        head = self._take_until(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        matched = re.fullmatch(r"HTTP/1\.[01] (\d{3}) [^\r\n]*", status_line)
        if matched is None:
            raise AssertionError(f"not a status line: {status_line!r}")
        fields = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise AssertionError(f"not a header field: {line!r}")
            fields.append((name.lower(), value.strip(" \t")))
        bodiless = Answer(int(matched[1]), tuple(fields), b"")
        if to_head or bodiless.status in NO_BODY:
            return bodiless
        return Answer(bodiless.status, bodiless.fields, self._body_of(bodiless))

    def rest(self) -> bytes:
        """Everything up to the end of the connection, which has to come."""
        while self._receive():
            pass
        data, self._buffer = self._buffer, b""
        return data

    def is_closed(self, *, within_seconds: float = 2.0) -> bool:
        """Whether the service hangs up; further bytes are another answer, so not an end."""
        before = self._socket.gettimeout()
        self._socket.settimeout(within_seconds)
        try:
            return not self._buffer and not self._receive()
        except NoAnswer:
            return False
        finally:
            self._socket.settimeout(before)

    def _body_of(self, answer: Answer) -> bytes:
        if answer.get("Transfer-Encoding") == "chunked":
            chunks = []
            while size := int(self._take_until(b"\r\n"), 16):
                chunks.append(self._take(size))
                self._take(2)
            self._take_until(b"\r\n")
            return b"".join(chunks)
        if (length := answer.get("Content-Length")) is not None:
            return self._take(int(length))
        return self.rest()

    def _take_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            if not self._receive():
                raise NoAnswer(f"the connection ended after {self._buffer!r}")
        data, _, self._buffer = self._buffer.partition(mark)
        return data

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            if not self._receive():
                raise NoAnswer(f"the connection ended after {self._buffer!r}")
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def _receive(self) -> bytes:
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            raise NoAnswer(f"silence after {self._buffer!r}") from None
        except ConnectionResetError:
            return b""
        self._buffer += data
        return data


class Client:
    """A client with a warm connection: made anew whenever the service has closed the last one."""

    def __init__(self, bind: str) -> None:
        self._bind = bind
        self._connection: Connection | None = None

    def exchange(self, data: bytes) -> Answer:
        if self._connection is not None:
            # An idle connection may have been closed in the meantime, before it saw our bytes.
            with contextlib.suppress(NoAnswer):
                return self._remember(self._connection, data)
            self._connection.close()
        return self._remember(Connection(self._bind), data)

    def get(self, target: str | bytes, *fields: str | bytes) -> Answer:
        return self.exchange(request(target, *fields))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _remember(self, connection: Connection, data: bytes) -> Answer:
        self._connection = connection
        answer = connection.exchange(data)
        if (answer.get("Connection") or "").lower() == "close":
            connection.close()
            self._connection = None
        return answer


def request(target: str | bytes, *fields: str | bytes, method: str = "GET") -> bytes:
    """The bytes of a request without a body; `Host` is added where no field names it."""
    lines = [encoded(field) for field in fields]
    if not any(line.lower().startswith(b"host:") for line in lines):
        lines.insert(0, b"Host: sso.acme.example")
    start = b" ".join((encoded(method), encoded(target), b"HTTP/1.1"))
    return b"\r\n".join((start, *lines, b"", b""))


def encoded(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


class Service:
    """A running service: its process, its address, and what it has printed so far."""

    def __init__(
        self, environment: Mapping[str, str], folder: Path, prefix: tuple[str, ...] = ()
    ) -> None:
        self.bind = environment["SSO_BIND"]
        self._secrets = [
            value for name, value in environment.items() if name.endswith(("SECRET", "KEY"))
        ]
        self._stdout = folder / "stdout"
        self._stderr = folder / "stderr"
        with self._stdout.open("wb") as stdout, self._stderr.open("wb") as stderr:
            self.process = subprocess.Popen(  # noqa: S603  # our own interpreter
                (*prefix, *COMMAND, "serve"),
                cwd=ROOT,
                env=minimal(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def stdout(self) -> str:
        return self._stdout.read_text(encoding="utf-8", errors="replace")

    @property
    def stderr(self) -> str:
        return self._stderr.read_text(encoding="utf-8", errors="replace")

    @property
    def output(self) -> str:
        return f"{self.stdout}\n{self.stderr}"

    def connect(self) -> Connection:
        return Connection(self.bind)

    def get(self, target: str | bytes, *fields: str | bytes) -> Answer:
        """One GET on a connection of its own."""
        with self.connect() as connection:
            return connection.exchange(request(target, *fields))

    def wait_until_live(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"exit {self.process.returncode} at start:\n{self.output}")
            with contextlib.suppress(OSError, NoAnswer):
                if self.get("/livez").status == 200:
                    return
            time.sleep(0.02)
        raise AssertionError(f"not live after {START_SECONDS:.0f} s:\n{self.output}")

    def ask_to_end(self) -> None:
        self.process.terminate()

    def wait_for_end(self) -> int:
        """Return the exit status; having to kill it is a failure."""
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            message = f"still there {STOP_SECONDS:.0f} s after SIGTERM:\n{self.output}"
            raise AssertionError(message) from None

    def must_not_have_told(self) -> None:
        """R45: no token, secret, cookie, credential, query string or Referer in any line."""
        told = self.output
        for secret in self._secrets:
            assert secret not in told, "a secret stands in the log"
        for shape in UNTOLD:
            found = re.search(shape, told)
            assert found is None, (
                f"{shape} stands in the log: {told[max(0, found.start() - 200) : found.end()]}"
            )

    def kill(self) -> None:
        """End the process and its workers, which all live in a session of their own."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextlib.contextmanager
def serving(
    environment: Mapping[str, str], folder: Path, prefix: tuple[str, ...] = ()
) -> Iterator[Service]:
    """A live service for the length of a block; unless the block ended it, it must end well.

    `prefix` is the beginning of its command, like `prlimit` and its options.
    """
    with serving_all({"": environment}, folder, prefix) as services:
        yield services[""]


@contextlib.contextmanager
def serving_all(
    environments: Mapping[str, Mapping[str, str]], folder: Path, prefix: tuple[str, ...] = ()
) -> Iterator[dict[str, Service]]:
    """Several services at a time, by name: they start and end side by side."""
    services: dict[str, Service] = {}
    try:
        for number, (name, environment) in enumerate(environments.items()):
            own = folder / str(number)
            own.mkdir(parents=True)
            bind = {"SSO_BIND": f"127.0.0.1:{free_port()}"}
            services[name] = Service({**bind, **environment}, own, prefix)
        for service in services.values():
            service.wait_until_live()
        yield services
        running = [one for one in services.values() if one.process.poll() is None]
        for service in running:
            service.ask_to_end()
        for service in running:
            if (status := service.wait_for_end()) != 0:
                raise AssertionError(f"exit {status} after SIGTERM:\n{service.output}")
        for service in services.values():
            service.must_not_have_told()
    finally:
        for service in services.values():
            service.kill()


class Ended(NamedTuple):
    """What a command said, and its exit status; `None` where it did not end by itself."""

    status: int | None
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return f"{self.stdout}\n{self.stderr}"


def run(environment: Mapping[str, str], *arguments: str, seconds: float = START_SECONDS) -> Ended:
    """A command that should end by itself, in the same clean environment."""
    process = subprocess.Popen(  # noqa: S603  # our own interpreter
        (*COMMAND, *arguments),
        cwd=ROOT,
        env=minimal(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        return Ended(None, stdout, stderr)
    return Ended(process.returncode, stdout, stderr)


def minimal(environment: Mapping[str, str]) -> dict[str, str]:
    """Nothing of this machine leaks in: no HOME, no proxies, no PYTHONPATH.

    No time to drain, and everything logged: what is told at any level is looked through.
    """
    return {
        "PATH": os.defpath,
        "SSO_DRAIN_SECONDS": "0",
        "SSO_LOG_LEVEL": "debug",
        **environment,
    }


def workers_of(service: Service) -> set[int]:
    """Return the ids of its worker processes."""
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
    return {int(child) for child in children.read_text().split()}


def free_port() -> int:
    """A port that nobody listens on, and that is given to one caller only."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


_given: set[int] = set()


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
