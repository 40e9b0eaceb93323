"""A server that cannot listen says so with the variable's name."""

import socket
from pathlib import Path

import pytest

from app.server.binding import check_bind
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
