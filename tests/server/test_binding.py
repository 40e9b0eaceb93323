"""A server that cannot listen says so with the variable's name."""

import socket
from contextlib import chdir
from pathlib import Path

import pytest

from app.server.binding import MadeSocket, check_bind
from app.settings.problems import InvalidSettings


def problem(bind: str) -> str:
    with pytest.raises(InvalidSettings) as refused:
        check_bind(bind)
    (found,) = refused.value.problems
    assert found.variable == "SSO_BIND"
    return found.wrong


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_taken_port_is_a_problem_of_its_variable(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen()
        port = listener.getsockname()[1]
        bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

        assert f"{bind} cannot be listened at: Address already in use" in problem(bind)

    check_bind(bind)


def test_the_address_of_the_metrics_is_checked_under_its_own_name() -> None:
    with pytest.raises(InvalidSettings) as refused:
        check_bind("203.0.113.9:9090", "SSO_METRICS_BIND")

    assert [problem.variable for problem in refused.value.problems] == ["SSO_METRICS_BIND"]


def test_an_address_of_another_machine_is_a_problem() -> None:
    assert "set another address" in problem("203.0.113.9:8000")


def test_a_socket_needs_a_folder_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_bind(f"unix:{tmp_path}/sso.sock")

    assert "there is no folder" in problem(f"unix:{tmp_path}/none/sso.sock")
    monkeypatch.setattr("app.server.binding.os.access", lambda *_: False)
    assert "is not writable; take a port" in problem(f"unix:{tmp_path}/sso.sock")


def test_a_socket_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nothing")

    assert "107 are the most" in problem(f"unix:{tmp_path}/{'s' * 108}")
    for name in ("", "file", "link"):
        assert "that is not a socket" in problem(f"unix:{tmp_path}/{name}")


def test_a_socket_is_not_taken_from_whoever_listens_to_it(tmp_path: Path) -> None:
    with chdir(tmp_path), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("sso.sock")
        listener.listen(0)

        for _ in ("is let wait", "finds the queue full"):
            assert "Address already in use" in problem(f"unix:{tmp_path}/sso.sock")

    check_bind(f"unix:{tmp_path}/sso.sock")


def test_a_port_is_no_file_that_somebody_deletes() -> None:
    assert not MadeSocket("127.0.0.1:8000").is_gone()


def test_a_socket_is_gone_when_it_is_deleted(tmp_path: Path) -> None:
    path = tmp_path / "sso.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        made = MadeSocket(f"unix:{path}")
        assert not made.is_gone()

        path.unlink()

    assert made.is_gone()
