"""The reference of the command line, from its own help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.reference_tables import table
from app.cli.words import actions_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

_INTRODUCTION = """# The command line

`marketplace-sso COMMAND`, or `python -m app COMMAND` in a checkout; `marketplace-sso --version`
prints the version. Every command reads the same variables as the service
([configuration.md](configuration.md)). The exit status is 0 if all is well, 1 if the answer is no,
and 2 if the arguments or the configuration are wrong. Colours are for terminals, unless `NO_COLOR`
is set.
"""


def command_line() -> str:
    """Return a section with a table for each command, as Markdown."""
    from app.cli import parsers  # noqa: PLC0415 - the commands, of which `reference` is one

    sections = [_INTRODUCTION]
    for name, parser in parsers().items():
        told = " ".join((parser.description or "").split())
        rows = [*_rows(parser)]
        options = f"\n{table(('option or argument', 'meaning'), rows)}" if rows else ""
        sections.append(f"## `{name}`\n\n{told}\n{options}")
    return "\n".join(sections)


def _rows(parser: argparse.ArgumentParser) -> Iterable[tuple[str, str]]:
    for action in actions_of(parser):
        if "--help" in action.option_strings:
            continue
        names = ", ".join(action.option_strings)
        value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
        yield f"`{' '.join(filter(None, (names, value)))}`", action.help or ""
