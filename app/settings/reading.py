"""One pass over the environment: groups of variables, and all their problems at once.

Whoever needs a group reads it, or declares that somebody may. At the end, a variable under one of
our prefixes that no group has is a problem, too.
"""

from __future__ import annotations

import difflib
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr, ValidationError

from app.settings.problems import InvalidSettings, Problem, fault, problems_of_group
from app.settings.secrets import misread_secrets, shared_secrets
from app.settings.unknown import remedy
from app.settings.variables import V, Variables, group_of, variable_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from app.settings.sources import Sources

PREFIXES: Final = ("SSO_", "AUTH_", "PANDIUM_", "APIFUSE_", "DESTINATION_")
"""Everything that begins so is ours: a variable that no group has is a mistake."""


class Reading:
    """What is set in `sources`, what was read of it, and what is wrong with it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._prefixes: dict[str, str] = {}
        self._unknowable: set[str] = set()
        self.problems: list[Problem] = list(sources.problems)
        self.secrets: dict[str, str] = {}
        self.files: set[Path] = set(sources.files)

    @property
    def names(self) -> set[str]:
        """The variables that are set, wherever."""
        return self._sources.names

    def __call__(
        self, model: type[V], /, *, prefix: str, defaults: Mapping[str, Any] | None = None
    ) -> V:
        """Read one group; `defaults` are those of a preset.

        Raises:
            InvalidSettings: something in it is wrong.
        """
        self.declare(model, prefix=prefix)
        names = variable_names(model, prefix)
        texts, problems = self._sources.texts(names)
        try:
            variables = group_of(model, prefix, texts, defaults or {})
        except ValidationError:
            problems += _all_problems(model, prefix, texts, defaults or {}, problems)
        if problems:
            raise InvalidSettings(problems)
        for name, field in zip(names, model.model_fields, strict=True):
            value = getattr(variables, field)
            if isinstance(value, SecretStr):
                self.secrets[name] = value.get_secret_value().strip()
            elif isinstance(value, Path):
                self.files.add(value)
        return variables

    def or_defaults(self, model: type[V], /, *, prefix: str) -> V:
        """Read one group, or note its problems and go on with its defaults.

        Nothing is served with these: they only let the rest be read, for its own problems.
        """
        try:
            return self(model, prefix=prefix)
        except InvalidSettings as error:
            self.note(error.problems)
            return model.model_construct()  # type: ignore[return-value] # pydantic's plugin says Variables

    @contextmanager
    def collecting(self, what: str) -> Iterator[None]:
        """Note the problems of what is read inside, and go on after it.

        Whatever else is raised is a problem of `what`; its text may quote a secret.
        """
        try:
            yield
        except InvalidSettings as error:
            self.note(error.problems)
        except Exception as error:  # noqa: BLE001 - no exception class is special
            self.note([fault(what, error)])

    def note(self, problems: Iterable[Problem]) -> None:
        """Note problems, and go on."""
        self.problems += problems

    def declare(self, model: type[Variables], /, *, prefix: str) -> None:
        """Say that a group may be set, whether or not it is read."""
        for name in variable_names(model, prefix):
            owner = self._prefixes.setdefault(name, prefix)
            if owner != prefix and name in self.names:
                wrong = f"is read for {owner}… and for {prefix}…; rename one of the two"
                self.note([Problem(name, wrong)])

    def declare_unknowable(self, prefix: str) -> None:
        """Say that it cannot be told which variables of a prefix there are.

        Then one of them is a problem only if it looks like a misspelt one of a known group.
        """
        self._unknowable.add(prefix)

    def finish(self) -> None:
        """End the pass, after all groups have been read or declared.

        Raises:
            InvalidSettings: with every problem of the pass.
        """
        problems = [
            *self.problems,
            *self._unknown(),
            *self._sources.set_twice(set(self._prefixes)),
            *misread_secrets(self.secrets),
            *shared_secrets(self.secrets),
        ]
        if problems:
            raise InvalidSettings(problems)

    def _unknown(self) -> Iterable[Problem]:
        unknown = self.names - self._prefixes.keys()
        for prefix in PREFIXES:
            known = [name for name in self._prefixes if name.startswith(prefix)]
            for name in unknown:
                if not name.startswith(prefix):
                    continue
                near = difflib.get_close_matches(name, known, n=1)
                if near or prefix not in self._unknowable:
                    yield Problem(name, f"is not a known variable; {remedy(name, prefix, near)}")


def _all_problems(
    model: type[Variables],
    prefix: str,
    texts: Mapping[str, str],
    defaults: Mapping[str, Any],
    known: Iterable[Problem],
) -> list[Problem]:
    """Return what is wrong with a group besides what is `known`.

    What two variables make wrong together is found only where each is valid: so those that are
    wrong are left out, and the rest is tried again, until nothing more is found.
    """
    found: list[Problem] = []
    wrong = {problem.variable for problem in known}
    while True:
        try:
            group_of(
                model,
                prefix,
                {name: text for name, text in texts.items() if name not in wrong},
                {
                    field: value
                    for field, value in defaults.items()
                    if f"{prefix}{field.upper()}" not in wrong
                },
            )
        except ValidationError as error:
            more = [
                each
                for each in problems_of_group(error, prefix)
                if each.variable not in wrong and not _follows(each, prefix, wrong)
            ]
            if more:
                found += more
                wrong.update(each.variable for each in more)
                continue
        return found


def _follows(problem: Problem, prefix: str, wrong: Iterable[str]) -> bool:
    """Tell whether a problem names a variable that is wrong, and that was left out for it."""
    named = set(re.findall(r"[A-Z][A-Z0-9_]+", problem.wrong))
    return any(not named.isdisjoint({name, name.removeprefix(prefix)}) for name in wrong)
