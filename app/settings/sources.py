"""Where variables are set: the environment, `ENV_FILE`, and the files of `SECRETS_DIR`.

All of them are read here, as they are: nothing is interpolated, and no library reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from io import StringIO
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple

from dotenv.parser import Binding, parse_stream

from app.settings.files import SECRET_BYTES, UnreadableFile, entries, read_text
from app.settings.problems import Problem

ENVIRONMENT_ONLY: Final = frozenset({"ENV_FILE", "SECRETS_DIR", "WEB_CONCURRENCY"})
"""Variables that are read before any file, and so only from the environment."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class _Place(NamedTuple):
    """Where a variable is set, under which name, and its text or the file that has it."""

    where: str
    name: str
    value: str | Path


class Sources:
    """The variables that are set, by their names in capitals, wherever they are set."""

    def __init__(
        self,
        environment: Mapping[str, str],
        secrets_dir: Path | None = None,
        env_file: Path | None = None,
    ) -> None:
        self.problems: list[Problem] = []
        self.files = {path for path in (env_file, secrets_dir) if path is not None}
        self._places: dict[str, list[_Place]] = {}
        for name, value in environment.items():
            self._add(_Place("in the environment", name, value))
        if env_file is not None:
            self._read_env_file(env_file)
        if secrets_dir is not None:
            self._list_secrets(secrets_dir)

    @property
    def names(self) -> set[str]:
        """The variables that are set."""
        return set(self._places)

    def texts(self, names: Iterable[str]) -> tuple[dict[str, str], list[Problem]]:
        """Return the text of each variable that is set, and what is wrong with those that are not.

        Blanks around a text do not count, nor do the line ends of another system.
        """
        texts, problems = {}, []
        for name in names:
            if name in self._places:
                place = self._places[name][0]
                try:
                    texts[name] = _text(place.value)
                except UnreadableFile as error:
                    problems.append(Problem(name, f"{error} ({place.value})"))
        return texts, problems

    def set_twice(self, known: set[str]) -> Iterable[Problem]:
        """Find variables that are set in two places: which one counts would be a guess."""
        for name in self._places.keys() & known:
            for one, other in combinations(self._places[name], 2):
                where = f"{one.where} and {other.where}"
                if one.where == other.where:
                    where = f"twice {one.where}"
                    if one.name != other.name:
                        where += f", as {one.name} and as {other.name}"
                yield Problem(name, f"is set {where}; keep one of them")

    def _add(self, place: _Place) -> None:
        # Only ASCII: the capital of U+017F is S.
        name = place.name.upper() if place.name.isascii() else place.name
        self._places.setdefault(name, []).append(place)

    def _read_env_file(self, file: Path) -> None:
        try:
            text = read_text(file)
        except UnreadableFile as error:
            wrong = f"is not a file that can be read: it {error} ({file})"
            self.problems.append(Problem("ENV_FILE", wrong))
            return
        for binding in parse_stream(StringIO(text)):
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            line = binding.original.line + binding.original.string[:blank].count("\n")
            if binding.error or (binding.key is not None and not _is_set(binding)):
                self.problems.append(Problem("ENV_FILE", f"line {line} is not NAME=value ({file})"))
            elif binding.key is not None:
                self._add(_Place("in ENV_FILE", binding.key, binding.value or ""))
                if binding.key.upper() in ENVIRONMENT_ONLY:
                    wrong = "is read from the environment only; move it there from ENV_FILE"
                    self.problems.append(Problem(binding.key.upper(), wrong))

    def _list_secrets(self, folder: Path) -> None:
        try:
            names = entries(folder)
        except UnreadableFile as error:
            self.problems.append(Problem("SECRETS_DIR", f"{error} ({folder})"))
            return
        for name in names:
            self._add(_Place("as a file", name, folder / name))


def _is_set(binding: Binding) -> bool:
    """Tell whether a line of `ENV_FILE` is `NAME=value`, with a name that a shell would take."""
    return binding.value is not None and bool(_NAME.fullmatch(binding.key or ""))


def _text(value: str | Path) -> str:
    if isinstance(value, Path):
        return read_text(value, at_most=SECRET_BYTES).strip()
    return value.strip() or value  # a separator may be a blank
