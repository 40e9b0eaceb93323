"""Rotation, draining, lost workers, slow clients, lost logs, odd surroundings."""

import contextlib
import functools
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from .acme import ADA, APIFUSE, AS_SHIPPED, BEHIND_OAUTH2_PROXY, PANDIUM, PANDIUM_SECRET
from .load import load
from .service import (
    COMMAND,
    ROOT,
    WAIT_SECONDS,
    Answer,
    Connection,
    NoAnswer,
    Service,
    eventually,
    free_port,
    minimal,
    request,
    serving,
    serving_all,
    workers_of,
)
from .vendor import verify

ONE_WORKER = {**AS_SHIPPED, "WEB_CONCURRENCY": "1"}


def token_of(answer: Answer) -> str:
    (token,) = parse_qs(urlsplit(answer["Location"]).query)["tenant"]
    return token


def are_new(service: Service, old: set[int]) -> bool:
    return len(now := workers_of(service)) == len(old) and not now & old


def without(environment: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in names}


@pytest.fixture
def rotating(tmp_path: Path) -> Iterator[tuple[Service, Path]]:
    """A service whose secret is a file."""
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    secret = secrets / "PANDIUM_SHARED_SECRET"
    secret.write_text(f"{PANDIUM_SECRET}-0")
    environment = {**without(AS_SHIPPED, "PANDIUM_SHARED_SECRET"), "SECRETS_DIR": str(secrets)}
    with serving(environment, tmp_path / "service") as service:
        eventually(lambda: len(workers_of(service)) == int(AS_SHIPPED["WEB_CONCURRENCY"]))
        yield service, secret


@pytest.mark.timeout(400)  # ten times two workers end and two begin, on a machine that is shared
@pytest.mark.requirement("R49")
def test_ten_rotations_under_load_fail_no_request(rotating: tuple[Service, Path]) -> None:
    service, secret = rotating
    switches: list[tuple[float, float]] = []

    with load(service.bind, "/pandium-sso", *ADA) as seen:
        seen.wait_for(20)
        for number in range(1, 11):
            old = workers_of(service)
            secret.write_text(f"{PANDIUM_SECRET}-{number}")
            begun = time.time()
            service.process.send_signal(signal.SIGHUP)
            eventually(functools.partial(are_new, service, old))
            switches.append((begun, time.time()))
            seen.wait_for(20)

    assert seen.failures == []
    assert {answer.status for _, _, answer in seen.answers} == {307}
    assert service.output.count("configuration_taken") == 10
    for start, end, answer in seen.answers:
        # Between a signal and the end of the last old worker either secret may sign.
        oldest = sum(done < start for _, done in switches)
        newest = sum(begun <= end for begun, _ in switches)
        assert any(
            verifies(token_of(answer), f"{PANDIUM_SECRET}-{number}")
            for number in range(oldest, newest + 1)
        )


def verifies(token: str, secret: str) -> bool:
    with contextlib.suppress(AssertionError):
        verify(token, secret)
        return True
    return False


@pytest.mark.requirement("R49", "R45")
def test_a_broken_secret_keeps_the_old_one_and_says_so(rotating: tuple[Service, Path]) -> None:
    service, secret = rotating
    old = workers_of(service)

    with load(service.bind, "/pandium-sso", *ADA) as seen:
        secret.write_text("hush")
        service.process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration_refused" in service.output)
        seen.wait_for(50)

    assert seen.failures == []
    assert workers_of(service) == old
    assert "PANDIUM_SHARED_SECRET is 4 bytes long" in service.output
    assert "hush" not in service.output
    assert all(verifies(token_of(answer), f"{PANDIUM_SECRET}-0") for _, _, answer in seen.answers)


@pytest.mark.requirement("R49", "R50")
def test_a_worker_that_is_lost_while_the_configuration_is_broken_is_replaced(
    rotating: tuple[Service, Path],
) -> None:
    service, secret = rotating
    secret.write_text("hush")
    (lost, *_) = old = workers_of(service)

    os.kill(lost, signal.SIGKILL)
    eventually(lambda: len(workers_of(service) - {lost}) == len(old))

    answer = service.get("/pandium-sso", *ADA)
    assert verifies(token_of(answer), f"{PANDIUM_SECRET}-0")


@pytest.mark.requirement("R50")
def test_workers_leave_the_port_of_a_first_process_that_was_killed(tmp_path: Path) -> None:
    with serving(AS_SHIPPED, tmp_path) as service:
        eventually(lambda: len(workers_of(service)) == int(AS_SHIPPED["WEB_CONCURRENCY"]))

        service.process.kill()
        service.process.wait()

        eventually(lambda: not answers(service.bind))


@pytest.mark.requirement("R50")
def test_a_killed_worker_is_replaced_while_the_other_serves(tmp_path: Path) -> None:
    with serving(AS_SHIPPED, tmp_path) as service:
        eventually(lambda: len(workers_of(service)) == int(AS_SHIPPED["WEB_CONCURRENCY"]))
        old = workers_of(service)
        with load(service.bind, "/pandium-sso", *ADA) as seen:
            seen.wait_for(50)
            killed_at = time.monotonic()
            os.kill(min(old), signal.SIGKILL)
            eventually(lambda: len(workers_of(service) - {min(old)}) == 2)
            respawned_after = time.monotonic() - killed_at
            seen.wait_for(50)

    # What the killed worker had in its hands is lost; nothing after it is.
    assert len(seen.failures) <= 4
    assert {answer.status for _, _, answer in seen.answers} == {307}
    assert respawned_after < WAIT_SECONDS
    print(f"respawned after {respawned_after:.2f} s")


@pytest.mark.requirement("R50")
def test_ending_fails_readiness_first_and_finishes_the_requests_in_flight(tmp_path: Path) -> None:
    with serving({**ONE_WORKER, "SSO_DRAIN_SECONDS": "1"}, tmp_path) as service:
        with contextlib.closing(Connection(service.bind)) as kept:
            assert kept.exchange(request("/readyz")).status == 200
            service.ask_to_end()
            eventually(lambda: "draining" in service.output)

            ready = kept.exchange(request("/readyz"))
            sign_on = service.get("/pandium-sso", *ADA)

        assert (ready.status, ready.json()) == (503, {"status": "not ready", "draining": True})
        assert ready["Connection"] == "close"
        assert sign_on.status == 307
        assert service.wait_for_end() == 0


@pytest.mark.requirement("R50")
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_ending_one_of_two_behind_a_balancer_fails_no_request(tmp_path: Path) -> None:
    both = {name: {**ONE_WORKER, "SSO_DRAIN_SECONDS": "1"} for name in ("a", "b")}
    with (
        serving_all(both, tmp_path / "services") as services,
        balancer(tmp_path, *(each.bind for each in services.values())) as bind,
        load(bind, "/pandium-sso", *ADA) as seen,
    ):
        seen.wait_for(100)
        services["a"].ask_to_end()
        assert services["a"].wait_for_end() == 0
        seen.wait_for(100)

    assert seen.failures == []
    assert {answer.status for _, _, answer in seen.answers} == {307}


@contextlib.contextmanager
def balancer(folder: Path, *binds: str) -> Iterator[str]:
    """A real nginx that balances, keeps connections to the services, and looks at nothing else."""
    port = free_port()
    servers = " ".join(f"server {bind};" for bind in binds)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}"
        f"http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};"
        f" fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};"
        f" upstream sso {{ {servers} keepalive 8; }}"
        f" server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://sso;"
        ' proxy_http_version 1.1; proxy_set_header Connection ""; } } }'
    )
    command = ("nginx", "-p", str(folder), "-c", str(configuration))
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 - found in PATH
    try:
        eventually(lambda: answers(f"127.0.0.1:{port}"))
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def answers(bind: str) -> bool:
    gone = (OSError, NoAnswer)
    with contextlib.suppress(*gone), contextlib.closing(Connection(bind)) as connection:
        return connection.exchange(request("/livez")).status == 200
    return False


@pytest.mark.requirement("R44")
def test_a_thousand_idle_and_a_thousand_trickling_clients_are_not_noticed(tmp_path: Path) -> None:
    with serving(AS_SHIPPED, tmp_path) as service, contextlib.ExitStack() as crowd:
        with load(service.bind, "/pandium-sso", *ADA, threads=1, keep=True) as alone:
            alone.wait_for(200)
        trickling = []
        for _ in range(1000):
            crowd.enter_context(contextlib.closing(Connection(service.bind)))
            trickling.append(crowd.enter_context(contextlib.closing(Connection(service.bind))))
        for connection in trickling:
            connection.send(b"GET /pandium-sso HTTP/1.1\r\nHost: x\r\nX-Slow: ")

        with load(service.bind, "/pandium-sso", *ADA, threads=1, keep=True) as crowded:
            for _ in range(4):
                for connection in trickling:
                    connection.send(b"a")
                crowded.wait_for(50)

    assert crowded.failures == []
    assert {answer.status for _, _, answer in crowded.answers} == {307}
    alone_ms, crowded_ms = alone.median_seconds * 1e3, crowded.median_seconds * 1e3
    print(f"median {alone_ms:.2f} ms alone, {crowded_ms:.2f} ms in the crowd")


def resident_bytes(process: int) -> int:
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(kilobytes) * 1024


@pytest.mark.timeout(300)  # a minute, and what is around it
@pytest.mark.requirement("R44")
@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_a_minute_far_over_capacity_is_survived_in_flat_memory(tmp_path: Path) -> None:
    with serving({**ONE_WORKER, "SSO_LOG_LEVEL": "error"}, tmp_path) as service:
        (worker,) = workers_of(service)
        hammer(service, seconds=5)
        before = resident_bytes(worker)

        told = hammer(service, seconds=60)
        (count,) = re.findall(r"(\d+) requests in", told)
        ended_at = time.monotonic()
        eventually(lambda: service.get("/pandium-sso", *ADA).status == 307)
        recovered_after = time.monotonic() - ended_at
        after = resident_bytes(worker)

        assert "Non-2xx or 3xx responses" not in told
        assert re.search(r"Socket errors: connect 0, read 0, write 0", told) or "Socket" not in told
        assert workers_of(service) == {worker}

    print(f"{count} sign-ons, {before / 2**20:.1f} -> {after / 2**20:.1f} MiB")
    print(f"answered again after {recovered_after:.2f} s")
    assert int(count) > 50_000
    assert (after - before) * 100_000 / int(count) < 2 * 2**20


def hammer(service: Service, *, seconds: int) -> str:
    """Sign on over 256 connections as fast as answers come, and give what wrk says of it."""
    headers = [word for field in ADA for word in ("-H", field)]
    command = [
        "wrk",
        "-t1",
        "-c256",
        f"-d{seconds}s",
        *headers,
        f"http://{service.bind}/pandium-sso",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - in PATH


@contextlib.contextmanager
def logging_to(descriptor: int, **more: str) -> Iterator[Service]:
    """A service whose standard output is this descriptor."""
    environment = {**ONE_WORKER, "SSO_BIND": f"127.0.0.1:{free_port()}", **more}
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        (*COMMAND, "serve"),
        cwd=ROOT,
        env=minimal(environment),
        stdout=descriptor,
        start_new_session=True,
    )
    service = Service.__new__(Service)
    service.process, service.bind = process, environment["SSO_BIND"]
    try:
        eventually(lambda: answers(service.bind))
        yield service
        service.ask_to_end()
        assert process.wait(WAIT_SECONDS) == 0
    finally:
        service.kill()


def metric(service: Service, name: str) -> float:
    text = service.get("/metrics").text
    (value,) = re.findall(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(value)


@pytest.mark.requirement("R47")
def test_a_full_log_disk_hangs_no_worker_and_is_counted() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, full)
        service = stack.enter_context(logging_to(full))
        for _ in range(10):
            assert service.get("/pandium-sso", *ADA).status == 307

        assert metric(service, "sso_log_lines_lost_total") >= 10


@pytest.mark.requirement("R47")
def test_a_blocked_log_pipe_hangs_no_worker_and_is_counted() -> None:
    end, beginning = os.pipe()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, end)
        stack.callback(os.close, beginning)
        service = stack.enter_context(logging_to(beginning))
        with load(service.bind, "/pandium-sso", *ADA, keep=True) as seen:
            seen.wait_for(1000)

        assert seen.failures == []
        assert metric(service, "sso_log_lines_lost_total") > 100


@pytest.mark.requirement("R47")
def test_a_closed_log_pipe_hangs_no_worker_and_is_counted() -> None:
    end, beginning = os.pipe()
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, beginning)
        service = stack.enter_context(logging_to(beginning))
        os.close(end)
        for _ in range(10):
            assert service.get("/pandium-sso", *ADA).status == 307

        assert metric(service, "sso_log_lines_lost_total") >= 10


SURROUNDINGS = {
    "another time zone": {"TZ": "Asia/Kathmandu"},
    "the C locale": {"LANG": "C", "LC_ALL": "C"},
    "no home and no folder for temporary files": {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"},
    "assertions off, documentation stripped": {"PYTHONOPTIMIZE": "2"},
}


@pytest.mark.requirement("R51")
def test_the_surroundings_change_no_answer(tmp_path: Path) -> None:
    environments = {"as usual": ONE_WORKER}
    environments |= {name: {**ONE_WORKER, **more} for name, more in SURROUNDINGS.items()}
    asked = {
        "sign-on": request("/pandium-sso?display=list", *ADA),
        "json": request("/apifuse-sso", *ADA, "Accept: application/json"),
        "page": request(
            "/pandium-sso",
            "Accept: text/html",
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: iframe",
        ),
        "refusal": request("/pandium-sso"),
        "no such page": request("/nope"),
        "version": request("/version"),
    }

    with serving_all(environments, tmp_path) as services:
        given = {
            name: {what: shape(exchange(service, data)) for what, data in asked.items()}
            for name, service in services.items()
        }

    for name in SURROUNDINGS:
        assert given[name] == given["as usual"], name


def exchange(service: Service, data: bytes) -> Answer:
    with contextlib.closing(Connection(service.bind)) as connection:
        return connection.exchange(data)


def shape(answer: Answer) -> tuple[int, list[tuple[str, str]], str]:
    """Everything but what is new in every answer: times, ids, tokens."""
    fields = [(name, steady(value)) for name, value in answer.fields if name != "date"]
    return answer.status, sorted(fields), steady(answer.text)


def steady(text: str) -> str:
    text = re.sub(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", "<token>", text)
    text = re.sub(r"\b[0-9a-f]{16}\b", "<id>", text)
    return re.sub(r'"expires_at": \d+', '"expires_at": <time>', text)


@pytest.mark.requirement("R51")
def test_no_control_socket_and_no_other_file_is_left(tmp_path: Path) -> None:
    before = set(Path("/dev/shm").iterdir())  # noqa: S108 - where it keeps its metrics
    with serving({**BEHIND_OAUTH2_PROXY, **PANDIUM, "HOME": str(tmp_path)}, tmp_path / "s"):
        during = set(Path("/dev/shm").iterdir()) - before  # noqa: S108 - the same

    assert [path.name[:4] for path in during] == ["mark"]
    assert set(Path("/dev/shm").iterdir()) <= before  # noqa: S108 - the same
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.requirement("R46")
def test_every_line_is_json_whoever_writes_it(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, "SSO_LOG_LEVEL": "debug"}, tmp_path) as service:
        service.get("/pandium-sso", *ADA)
        service.get("/pandium-sso")
        service.get("/\x01")

    events = [json.loads(line) for line in service.stdout.splitlines()]
    assert {"sign_on", "refusal", "Starting gunicorn 27.0.1"} <= {each["event"] for each in events}
    assert all({"time", "level", "event"} <= set(each) for each in events)
    assert service.stderr == ""


@pytest.mark.requirement("R52")
def test_metrics_add_up_over_workers_and_rotations(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, **APIFUSE}, tmp_path) as service:
        for _ in range(20):
            service.get("/pandium-sso", *ADA)
        service.process.send_signal(signal.SIGHUP)
        eventually(lambda: "configuration_taken" in service.output)
        for _ in range(20):
            service.get("/pandium-sso", *ADA)

        # Each worker hands its counts on once a second, and when it ends.
        eventually(lambda: signed_on(service.get("/metrics").text) == 40)


def signed_on(text: str) -> float:
    counts = re.findall(
        r'^sso_sign_ons_total\{.*outcome="signed_on".*\} (\S+)$', text, re.MULTILINE
    )
    return sum(map(float, counts))
