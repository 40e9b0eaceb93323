"""The words of the command line: commands, their options and choices, as people read them."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin

from app.cli.output import fail

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel
    from pydantic_settings import CliSettingsSource

_METAVARS: Final = {
    "claim": "NAME=VALUE",
    "parameter": "NAME=VALUE",
    "destinations": "FILE",
    "authenticator": "NAME",
}
"""What stands for the value of an option in the help, where it is not the option's own name."""

_NO_DEFAULTS: Final = (" (default: None)", " (default: [])", " (default: False)")


@dataclass(frozen=True, slots=True)
class Word:
    """A command's option or argument: `options` are empty for an argument."""

    options: tuple[str, ...]
    has_value: bool
    choices: tuple[str, ...]


def words_of(
    source: CliSettingsSource[Any], models: Mapping[str, type[BaseModel]]
) -> dict[str, list[Word]]:
    """Return the words of each command; those of the root have the name ""."""
    found = {"": [_word(action, None) for action in actions_of(source.root_parser)]}
    for name, parser in parsers_of(source.root_parser).items():
        found[name] = [_word(action, models[name]) for action in actions_of(parser)]
    return found


def improve_help(source: CliSettingsSource[Any], models: Mapping[str, type[BaseModel]]) -> None:
    """Say in the help what values are, instead of their types in Python."""
    for name, parser in parsers_of(source.root_parser).items():
        for action in actions_of(parser):
            choices = _choices(models[name], action.dest)
            if choices:
                action.metavar = f"{{{','.join(choices)}}}"
            elif action.option_strings and action.nargs != 0:
                last = action.dest.rpartition(".")[2]
                action.metavar = _METAVARS.get(last, last.rpartition("_")[2].upper())
            for default in _NO_DEFAULTS:
                action.help = (action.help or "").replace(default, "")


def check_spelling(arguments: Sequence[str], words: Mapping[str, list[Word]]) -> None:
    """End with a suggestion where a command or an option is none."""
    if not arguments:
        return
    command, *rest = arguments
    if command.startswith("-"):
        _check_options(arguments, "", words)
    elif command not in words:
        known = ", ".join(name for name in words if name)
        _refuse(f"no command is called {command!r}", command, list(words), f"there are {known}")
    else:
        _check_options(rest, command, words)


def _check_options(arguments: Sequence[str], command: str, words: Mapping[str, list[Word]]) -> None:
    known = {option: word for word in words[command] for option in word.options}
    given = iter(arguments)
    for argument in given:
        name, equals, _ = argument.partition("=")
        if argument == "--":
            return
        if name in known:
            if known[name].has_value and not equals:
                next(given, None)
        elif name.startswith("--"):
            of_it = f"marketplace-sso {command} --help".replace("  ", " ")
            wrong = f"{command or 'marketplace-sso'} has no option {name}"
            _refuse(wrong, name, list(known), f"see {of_it}")


def _refuse(wrong: str, word: str, known: list[str], otherwise: str) -> None:
    near = difflib.get_close_matches(word, [each for each in known if each], n=1)
    fail(f"{wrong}; did you mean {near[0]}?" if near else f"{wrong}; {otherwise}", status=2)


def _word(action: argparse.Action, model: type[BaseModel] | None) -> Word:
    choices = _choices(model, action.dest) if model is not None else ()
    return Word(tuple(action.option_strings), action.nargs != 0, choices)


def _choices(model: type[BaseModel], dest: str) -> tuple[str, ...]:
    field = model.model_fields.get(dest.rpartition(".")[2])
    annotations = (field.annotation, *get_args(field.annotation)) if field is not None else ()
    found = [get_args(each) for each in annotations if get_origin(each) is Literal]
    return found[0] if found else ()


def actions_of(parser: argparse.ArgumentParser) -> Iterable[argparse.Action]:
    """Return the options and arguments of a command."""
    actions = parser._actions  # noqa: SLF001 - argparse has no other way to list its options
    return [each for each in actions if not isinstance(each.choices, Mapping)]


def parsers_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each command."""
    actions = parser._actions  # noqa: SLF001 - the same
    (commands,) = [each for each in actions if isinstance(each.choices, Mapping)]
    return dict(commands.choices or {})
