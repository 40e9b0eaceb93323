"""Signals that came together are taken in an order that keeps nobody waiting, and one never."""

from signal import SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGTTIN
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from app.server.signals import order_signals, refuse_upgrade


@pytest.mark.requirement("R49", "R50")
@pytest.mark.parametrize(
    ("came", "taken"),
    [
        ([], []),
        ([SIGCHLD], [SIGCHLD]),
        ([SIGHUP] * 30, [SIGHUP]),
        ([SIGHUP, SIGCHLD, SIGHUP, SIGTERM, SIGINT], [SIGTERM, SIGINT, SIGCHLD, SIGHUP]),
        ([SIGTTIN, SIGTTIN], [SIGTTIN, SIGTTIN]),  # two more workers
    ],
)
def test_an_end_comes_first_and_a_storm_of_reloads_is_one(
    came: list[int], taken: list[int]
) -> None:
    arbiter = SimpleNamespace(wait_for_signals=lambda timeout: came if timeout == 1.0 else None)
    order_signals(arbiter)

    assert arbiter.wait_for_signals(timeout=1.0) == taken


def test_gunicorn_never_starts_itself_anew() -> None:
    arbiter = SimpleNamespace(handle_usr2=pytest.fail)
    refuse_upgrade(arbiter)

    with capture_logs() as lines:
        arbiter.handle_usr2()

    assert [(line["event"], line["signal"]) for line in lines] == [("signal_refused", "SIGUSR2")]
