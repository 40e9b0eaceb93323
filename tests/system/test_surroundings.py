"""Variables, folders and disks of others change nothing of what was checked."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from .acme import ADA, AS_SHIPPED
from .service import (
    COMMAND,
    ROOT,
    START_SECONDS,
    Service,
    eventually,
    free_port,
    minimal,
    serving,
    workers_of,
)

BEHIND_A_SOCKET = {**AS_SHIPPED, "AUTH_OAUTH2_PROXY_TRUSTED_PROXIES": "unix"}
SHM = Path("/dev/shm")  # noqa: S108 - where the service makes a folder for its metrics


@pytest.mark.requirement("R63")
def test_options_of_the_server_in_the_environment_change_nothing(tmp_path: Path) -> None:
    port = free_port()
    options = f"--bind 127.0.0.1:{port} --access-logfile - --workers 7 --worker-class sync"
    with serving({**AS_SHIPPED, "GUNICORN_CMD_ARGS": options}, tmp_path) as service:
        assert service.get("/pandium-sso?display=list", *ADA).status == 307
        assert not service.bind.endswith(f":{port}")
        assert "display=list" not in service.output
        assert f":{port}" not in service.output


@pytest.mark.requirement("R63")
@pytest.mark.parametrize(
    "variables",
    [
        "GUNICORN_PID=/run/gunicorn.pid",
        "GUNICORN_PID=1 GUNICORN_FD=3",
        "LISTEN_PID=$$ LISTEN_FDS=1",
    ],
)
def test_sockets_of_others_are_never_listened_at(tmp_path: Path, variables: str) -> None:
    prefix = ("sh", "-c", f'export {variables}; exec "$0" "$@" 3< /dev/null')
    with serving({**AS_SHIPPED, "WEB_CONCURRENCY": "1"}, tmp_path, prefix) as service:
        assert service.get("/pandium-sso", *ADA).status == 307
        assert f"Listening at: http://{service.bind}" in service.output


@pytest.mark.requirement("R63")
@pytest.mark.parametrize("name", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
def test_a_metrics_folder_of_others_is_left_alone(tmp_path: Path, name: str) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "counter_1.db").write_text("theirs")
    with serving({**AS_SHIPPED, name: str(theirs)}, tmp_path / "service") as service:
        service.get("/pandium-sso", *ADA)
        assert service.get("/metrics").status == 200

    assert [path.read_text() for path in theirs.iterdir()] == ["theirs"]


def has(service: Service, event: str, times: int) -> bool:
    return service.output.count(event) == times


def descriptors(service: Service) -> int:
    return len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))


def resident_kib(service: Service) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def metrics_folder(service: Service) -> Path:
    """Return the folder in which the first process has written its metrics."""
    mine = f"*/{service.process.pid}-*"
    eventually(lambda: any(SHM.glob(mine)))
    return next(SHM.glob(mine)).parent


@pytest.mark.requirement("R63")
def test_reloads_take_no_descriptor_no_file_and_no_memory(tmp_path: Path) -> None:
    with serving({**AS_SHIPPED, "WEB_CONCURRENCY": "1"}, tmp_path) as service:
        folder = metrics_folder(service)
        seen = []
        for number in range(1, 41):
            service.process.send_signal(signal.SIGHUP)
            eventually(partial(has, service, "configuration_taken", number))
            eventually(partial(has, service, "Booting worker", number + 1))
            seen.append((descriptors(service), resident_kib(service)))
        # The first process, the worker, and all that ended; one may be writing.
        eventually(lambda: len(list(folder.iterdir())) <= 3)

        assert service.get("/metrics").status == 200
        assert max(open_ for open_, _ in seen[-20:]) <= seen[5][0] + 2
        assert seen[-1][1] < seen[5][1] * 1.25


@pytest.mark.requirement("R63")
def test_what_a_killed_service_left_in_memory_is_removed_by_the_next(tmp_path: Path) -> None:
    with serving(AS_SHIPPED, tmp_path / "beside") as beside:
        killed = Service({**AS_SHIPPED, "SSO_BIND": f"127.0.0.1:{free_port()}"}, tmp_path)
        killed.wait_until_live()
        left = metrics_folder(killed)
        killed.kill()
        with serving(AS_SHIPPED, tmp_path / "next") as service:
            assert service.get("/metrics").status == 200
            assert not left.exists()
            assert metrics_folder(beside).is_dir()
            assert metrics_folder(service).is_dir()


@pytest.mark.requirement("R48")
@pytest.mark.parametrize("limit", [8, 16, 67])
def test_a_limit_of_open_files_with_which_no_worker_starts_is_named(
    tmp_path: Path, limit: int
) -> None:
    environment = {**AS_SHIPPED, "SSO_BIND": f"127.0.0.1:{free_port()}"}
    service = Service(environment, tmp_path, ("prlimit", f"--nofile={limit}"))
    try:
        assert service.process.wait(START_SECONDS) == 2
    finally:
        service.kill()

    assert f"ulimit -n is {limit}: 2 workers need 68 open files" in service.stderr


@pytest.mark.requirement("R54")
def test_the_fewest_open_files_that_are_taken_are_enough_for_reloads(tmp_path: Path) -> None:
    environment = {**AS_SHIPPED, "WEB_CONCURRENCY": "16"}
    with serving(environment, tmp_path, ("prlimit", "--nofile=96")) as service:
        service.process.send_signal(signal.SIGHUP)
        eventually(partial(has, service, "Booting worker", 32))
        assert service.get("/pandium-sso", *ADA).status == 307
        assert "Too many open files" not in service.output


@pytest.mark.requirement("R50", "R63")
def test_a_socket_that_somebody_deletes_is_told_and_costs_no_good_end(tmp_path: Path) -> None:
    path = tmp_path / "sso.sock"
    with serving({**BEHIND_A_SOCKET, "SSO_BIND": f"unix:{path}"}, tmp_path) as service:
        path.unlink()
        eventually(partial(has, service, "socket_deleted", 1))

    assert has(service, "socket_deleted", 1)
    assert "Traceback" not in service.output


@pytest.mark.requirement("R63")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_the_socket_of_who_came_after_a_deletion_is_left_to_them(
    tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "sso.sock"
    environment = {**BEHIND_A_SOCKET, "SSO_BIND": f"unix:{path}"}
    with serving(environment, tmp_path / "former") as former:
        path.unlink()
        with serving(environment, tmp_path / "latter") as latter:
            former.process.send_signal(number)
            assert former.wait_for_end() == 0

            assert latter.get("/livez").status == 200

    assert not path.exists()


@pytest.mark.requirement("R47", "R63")
def test_both_outputs_in_one_file_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("before\n")
    environment = minimal({**AS_SHIPPED, "SSO_BIND": f"127.0.0.1:{free_port()}"})
    with path.open("r+b") as file:
        file.seek(0)
        command = (*COMMAND, "serve")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=file)  # noqa: S603 - our own interpreter
        eventually(lambda: "Booting worker" in path.read_text())
        subprocess.run(  # noqa: S603 - the same
            [sys.executable, "-c", f"import os; os.write({file.fileno()}, b'theirs\\n')"],
            pass_fds=[file.fileno()],
            check=True,
        )
        process.terminate()
        assert process.wait(20) == 0
    text = path.read_text()

    assert text.startswith("before\n")
    assert "theirs\n" in text
    assert text.count("Starting gunicorn") == 1


@pytest.mark.requirement("R47")
@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_what_is_served_is_never_given_the_number_of_a_closed_stream(
    tmp_path: Path, closed: str
) -> None:
    prefix = ("sh", "-c", f'exec "$0" "$@" {closed}')
    with serving({**AS_SHIPPED, "WEB_CONCURRENCY": "1"}, tmp_path, prefix) as service:
        (streams,) = {
            tuple(str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in range(3))
            for pid in (service.process.pid, *workers_of(service))
        }
        assert service.get("/pandium-sso", *ADA).status == 307

    outputs = [str(tmp_path / "0" / name) for name in ("stdout", "stderr")]
    open_ = ["/dev/null", *outputs]
    assert streams == tuple(
        "/dev/null" if str(number) in closed else path for number, path in enumerate(open_)
    )


NAMESPACE = ("unshare", "--mount")
needs_a_mount_namespace = pytest.mark.skipif(
    subprocess.run((*NAMESPACE, "true"), check=False, capture_output=True).returncode != 0,  # noqa: S603 - of util-linux
    reason="this machine lets nobody make a mount namespace",  # as in a container
)


def after(mounts: str) -> tuple[str, ...]:
    """Return what runs a command in a mount namespace of its own, after the lines of a shell."""
    return (*NAMESPACE, "sh", "-e", "-c", f'{mounts}\nexec "$0" "$@"')


@needs_a_mount_namespace
@pytest.mark.requirement("R63")
def test_without_room_for_metrics_sign_ons_go_on(tmp_path: Path) -> None:
    """A memory file system of one page, which is full at once."""
    environment = {**AS_SHIPPED, "TMPDIR": str(SHM), "WEB_CONCURRENCY": "1"}
    mounts = after("mount -t tmpfs -o size=4k tmpfs /dev/shm")
    with serving(environment, tmp_path, mounts) as service:
        for _ in range(30):
            assert service.get("/pandium-sso", *ADA).status == 307
        time.sleep(1.5)  # past the second in which a worker hands its counts on
        assert service.get("/pandium-sso", *ADA).status == 307
        assert service.get("/metrics").status == 200
        assert "Booting worker" in service.output
        assert service.output.count("Booting worker") == 1


READ_ONLY = """
for folder in / /tmp /var/tmp; do
    mount --bind $folder $folder
    mount -o remount,bind,ro $folder
done
"""
WITHOUT_MEMORY = f"{READ_ONLY} mount -t tmpfs -o ro tmpfs /dev/shm"
WITH_FULL_MEMORY = f"""
{READ_ONLY}
mount -t tmpfs -o nr_inodes=8 tmpfs /dev/shm
(i=0; while touch /dev/shm/$i 2> /dev/null; do i=$((i + 1)); done)
"""


@needs_a_mount_namespace
@pytest.mark.requirement("R51", "R63")
@pytest.mark.parametrize("mounts", [WITHOUT_MEMORY, WITH_FULL_MEMORY])
def test_where_no_file_can_be_made_at_all_metrics_are_lost_and_nothing_else(
    tmp_path: Path, mounts: str
) -> None:
    with serving(AS_SHIPPED, tmp_path, after(mounts)) as service:
        service.process.send_signal(signal.SIGHUP)
        eventually(partial(has, service, "Booting worker", 4))
        assert service.get("/pandium-sso", *ADA).status == 307
        assert service.get("/metrics").status == 200

    assert has(service, "metrics_off", 1)
    assert "Traceback" not in service.output
