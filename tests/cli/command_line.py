"""The command line, called in process."""

import pytest

from app.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return the exit status, what is printed, and what is printed as an error."""
    try:
        main(list(arguments))
    except SystemExit as end:
        words = "" if isinstance(end.code, int) else str(end.code)
        status = end.code if isinstance(end.code, int) else 1
    else:
        status, words = 0, ""
    out, err = capsys.readouterr()
    return status, out, err + words
