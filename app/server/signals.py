"""What gunicorn's first process makes of signals: their order, and one that it refuses."""

from __future__ import annotations

import signal
from typing import Any, Final

import structlog

_ENDING: Final = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}

log = structlog.get_logger("marketplace_sso")


def order_signals(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Take what ends the service first, and reloads that came together as one.

    A reload takes a second or more: after a storm of them the end would come minutes late.
    """
    wait_for_signals = arbiter.wait_for_signals

    def wait(*, timeout: float) -> list[int]:
        came = wait_for_signals(timeout=timeout)
        reloads = [signal.SIGHUP] if signal.SIGHUP in came else []
        ends = [each for each in came if each in _ENDING]
        others = [each for each in came if each not in _ENDING and each != signal.SIGHUP]
        return [*ends, *others, *reloads]

    arbiter.wait_for_signals = wait


def refuse_upgrade(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Take SIGUSR2 for nothing: gunicorn would start itself anew beside the check of `serve`."""

    def refuse() -> None:
        remedy = "restart the service; SIGHUP reads the configuration again"
        log.warning("signal_refused", signal="SIGUSR2", remedy=remedy)

    arbiter.handle_usr2 = refuse
