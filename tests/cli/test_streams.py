"""Standard streams that are closed, full, of another encoding, or that nobody reads."""

import io
import os
import sys
from pathlib import Path

import pytest

from tests.cli.command_line import run
from tests.in_process import Load
from tests.samples import PANDIUM, PROXY

GIVEN = ("mint", "pandium", "--subject", "u-17", "--email", "ada@acme.example")


@pytest.mark.parametrize("command", ["inspect", "learn"])
def test_a_closed_input_is_an_empty_one(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    load(PROXY, PANDIUM)
    monkeypatch.setattr(sys, "stdin", None)

    status, out, err = run(capsys, command)

    assert status == 1
    assert "three parts" in out + err


@pytest.mark.parametrize("command", ["inspect", "learn"])
def test_an_input_without_an_end_is_refused(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    load(PROXY, PANDIUM)
    with Path("/dev/zero").open(encoding="ascii") as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        status, _, err = run(capsys, command)

    assert (status, err) == (2, "standard input has more than 1048576 characters\n")


@pytest.mark.parametrize("command", ["inspect", "learn"])
def test_an_input_that_is_not_text_has_no_token(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    load(PROXY, PANDIUM)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe.\x80")))

    status, out, err = run(capsys, command)

    assert status == 1
    assert "three parts" in out + err


def test_a_full_disk_is_told(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        status, _, err = run(capsys, *GIVEN)

    assert (status, err) == (1, "cannot go on: [Errno 28] No space left on device\n")


def test_whoever_has_read_enough_ends_the_command_without_a_word(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        status, _, err = run(capsys, *GIVEN)

    assert (status, err) == (141, "")


def test_a_command_whose_output_is_closed_still_tells_by_its_status(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    monkeypatch.setattr(sys, "stdout", None)

    assert run(capsys, "check")[0] == 0


def test_problems_that_cannot_be_printed_are_told_by_the_status(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    monkeypatch.setenv("SSO_BIND", "nowhere")
    with os.fdopen(os.open("/dev/full", os.O_WRONLY), "w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        status, _, _ = run(capsys, "check")
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())

    assert status == 2


def test_what_is_printed_is_utf8_in_every_locale(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))

    status, _, _ = run(capsys, "reference")

    assert status == 0
    assert "\N{HORIZONTAL ELLIPSIS}" in written.getvalue().decode()


def test_an_interrupt_is_no_traceback(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(PROXY, PANDIUM)

    def interrupted(_limit: int) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "read", interrupted)

    assert run(capsys, "inspect") == (130, "", "")
