"""`marketplace-sso completion`: scripts for shells, made from the words of the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, Field
from pydantic_settings import CliPositionalArg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.cli.words import Word

_PROGRAM: Final = "marketplace-sso"

_BASH: Final = """_marketplace_sso() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" words=""
  case "${COMP_WORDS[1]} $before" in
%s
    *) if [ "$COMP_CWORD" -eq 1 ]; then words="%s"; else case "${COMP_WORDS[1]}" in
%s
    esac; fi ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _marketplace_sso marketplace-sso
"""


def bash(words: Mapping[str, list[Word]]) -> str:
    """Return the script for bash: programmable completion of its manual, section 8.6."""
    values = [
        f'    "{command} {option}") words="{" ".join(word.choices)}" ;;'
        for command, word, option in _options(words)
        if word.choices
    ]
    own = [f'      {name}) words="{" ".join(_all(words[name]))}" ;;' for name in words if name]
    return _BASH % ("\n".join(values), " ".join(_first(words)), "\n".join(own))


def zsh(words: Mapping[str, list[Word]]) -> str:
    """Return the script for zsh, which runs bash's (zshcompsys, `bashcompinit`)."""
    loaded = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n"
    return loaded + bash(words)


def fish(words: Mapping[str, list[Word]]) -> str:
    """Return the script for fish: its command `complete`."""
    lines = [f'complete -c {_PROGRAM} -f -n __fish_use_subcommand -a "{" ".join(_first(words))}"']
    for command, word, option in _options(words):
        there = f"complete -c {_PROGRAM} -n '__fish_seen_subcommand_from {command}'"
        value = f' -x -a "{" ".join(word.choices)}"' if word.choices else " -r" * word.has_value
        lines.append(f"{there} -{'l' if option[:2] == '--' else 's'} {option.lstrip('-')}{value}")
    for command, its in words.items():
        for word in its:
            if command and not word.options and word.choices:
                there = f"complete -c {_PROGRAM} -f -n '__fish_seen_subcommand_from {command}'"
                lines.append(f'{there} -a "{" ".join(word.choices)}"')
    return "\n".join(lines) + "\n"


def _first(words: Mapping[str, list[Word]]) -> list[str]:
    return [*(name for name in words if name), *_all(words[""])]


def _all(words: Iterable[Word]) -> list[str]:
    """Return options, and the choices of arguments."""
    return [text for word in words for text in word.options or word.choices]


def _options(words: Mapping[str, list[Word]]) -> Iterable[tuple[str, Word, str]]:
    for command, its in words.items():
        for word in its:
            for option in word.options:
                if command:
                    yield command, word, option


_SHELLS: Final[Mapping[str, Callable[[Mapping[str, list[Word]]], str]]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
}


class Completion(BaseModel):
    """Print a script that completes commands, options and choices: source it in your shell."""

    shell: CliPositionalArg[Literal["bash", "zsh", "fish"]] = Field(description="your shell")

    def cli_cmd(self) -> None:
        """Print it."""
        from app.cli import words  # noqa: PLC0415 - the commands, of which this is one

        print(_SHELLS[self.shell](words()), end="")
