"""The words of the command line: version, spelling, help, completion, colours."""

import io
import shutil
import subprocess
import sys

import pytest

from app import __version__
from app.cli import words
from app.cli.output import coloured
from tests.cli.command_line import run

COMMANDS = {"serve", "check", "mint", "inspect", "learn", "demo", "reference", "completion"}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"marketplace-sso {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words_of_it"),
    [
        (("chek",), "no command is called 'chek'; did you mean check?"),
        (("xyzzy",), "no command is called 'xyzzy'; there are serve, check, mint"),
        (("check", "--onlin"), "check has no option --onlin; did you mean --online?"),
        (("--versoin",), "marketplace-sso has no option --versoin; did you mean --version?"),
        (("mint", "pandium", "--subjcet=u-1"), "did you mean --subject?"),
        (("serve", "--xyzzy"), "serve has no option --xyzzy; see marketplace-sso serve --help"),
        (("--xyzzy",), "see marketplace-sso --help"),
    ],
)
def test_a_misspelt_word_gets_a_suggestion(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words_of_it: str
) -> None:
    status, out, err = run(capsys, *arguments)

    assert (status, out) == (2, "")
    assert words_of_it in err


@pytest.mark.parametrize(
    "arguments",
    [
        ("learn", "--name", "--nam", "x"),
        ("learn", "--", "--nam"),
        ("learn", "--name=x", "a.b.c"),
        ("learn", "-"),
    ],
)
def test_a_value_is_not_spelled_for(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x"))

    assert "did you mean" not in run(capsys, *arguments)[2]


def test_the_help_speaks_of_values_and_not_of_types(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")  # Python 3.14 colours the help where FORCE_COLOR is set
    for name in COMMANDS:
        out = run(capsys, name, "--help")[1]
        for type_name in ("list[", " str", " int", " Path", "None", "Literal"):
            assert type_name not in out, name

    assert "--claim NAME=VALUE" in run(capsys, "mint", "--help")[1]
    assert (
        "{configuration,command-line,example-env,rows-schema}"
        in run(capsys, "reference", "--help")[1]
    )
    assert "--host-port PORT" in run(capsys, "demo", "--help")[1]


def test_the_words_are_all_there() -> None:
    known = words()

    assert known.keys() == {"", *COMMANDS}
    assert ("-h", "--help") in [word.options for word in known["mint"]]
    (against,) = [word for word in known["learn"] if "--against" in word.options]
    assert (against.choices, against.has_value) == (("mint",), True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_has_every_command_option_and_choice(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    status, out, _ = run(capsys, "completion", shell)

    assert status == 0
    for command, its in words().items():
        assert command in out
        for word in its:
            for text in (*word.options, *word.choices):
                assert text.lstrip("-") in out
    program = shutil.which(shell)
    if program:
        subprocess.run([program, "-n"], input=out, text=True, check=True)  # noqa: S603 - a shell of the machine, which reads and runs nothing


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("marketplace-sso in", ["inspect"]),
        ("marketplace-sso check --on", ["--online"]),
        ("marketplace-sso learn --against ", ["mint"]),
        ("marketplace-sso completion z", ["zsh"]),
    ],
)
def test_bash_completes(capsys: pytest.CaptureFixture[str], line: str, expected: list[str]) -> None:
    script = run(capsys, "completion", "bash")[1]
    given = line.split(" ")
    array = " ".join(f"'{word}'" for word in given)
    script += f"COMP_WORDS=({array}); COMP_CWORD={len(given) - 1}; _marketplace_sso\n"
    script += 'printf "%s\\n" "${COMPREPLY[@]}"\n'

    bash = shutil.which("bash")
    assert bash is not None
    printed = subprocess.run([bash], input=script, text=True, check=True, capture_output=True)  # noqa: S603 - our own script

    assert printed.stdout.split() == expected


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert coloured("x", "red") == "x"

    monkeypatch.setattr(sys, "stdout", Terminal())
    assert coloured("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setenv("TERM", "dumb")
    assert coloured("x", "red") == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("x", "red") == "x"
