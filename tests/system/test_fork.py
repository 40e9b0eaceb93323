"""What a worker does with signals that come while it is forked."""

import subprocess
import sys

from .acme import AS_SHIPPED
from .service import ROOT, minimal

SCRIPT = """
import queue, runpy, signal, types
hooks = runpy.run_path("config/gunicorn.conf.py")
arbiter = types.SimpleNamespace(SIG_QUEUE=queue.SimpleQueue())
for number in {came}:
    arbiter.SIG_QUEUE.put(number)
hooks["post_fork"](arbiter, None)
print(sorted(each.name for each in signal.sigpending()))
"""


def pending(came: str) -> str:
    """Return which signals wait for the loop of a worker, after those that came before its hook."""
    script = SCRIPT.replace("{came}", came)
    command = [sys.executable, "-c", script]
    environment = minimal(AS_SHIPPED)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.strip()


def test_a_signal_to_end_that_came_before_the_hook_is_kept_for_the_loop() -> None:
    assert pending("(signal.SIGCHLD, signal.SIGTERM)") == "['SIGTERM']"
    assert pending("(signal.SIGQUIT, signal.SIGINT)") == "['SIGINT', 'SIGQUIT']"


def test_other_signals_of_the_first_process_are_none_of_a_workers() -> None:
    assert pending("(signal.SIGHUP, signal.SIGCHLD, signal.SIGTTIN)") == "[]"
