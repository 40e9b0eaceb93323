"""One pass over the environment: groups of variables, and all their problems at once.

Whoever needs a group reads it, or declares that somebody may. At the end, a variable under one of
our prefixes that no group has is a problem, too.
"""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from app.settings.problems import InvalidSettings, Problem, problems_of_group
from app.settings.secrets import shared_secrets
from app.settings.variables import Variables, variable_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

V = TypeVar("V", bound=Variables)

PREFIXES: Final = ("SSO_", "AUTH_", "PANDIUM_", "APIFUSE_", "DESTINATION_")
"""Everything that begins so is ours: a variable that no group has is a mistake."""


class Reading:
    """What is set, what was read of it, and what is wrong with it.

    `names` are the variables that are set, `secrets_dir` a folder with files named like them,
    `env_file` a file with further ones.
    """

    def __init__(
        self, names: Iterable[str], secrets_dir: Path | None = None, env_file: Path | None = None
    ) -> None:
        self._secrets_dir = secrets_dir
        self._env_file = env_file
        self._in_environment = {name.upper() for name in names}
        self._in_env_file = (
            {name.upper() for name in dotenv_values(env_file)} if env_file else set()
        )
        self._files = (
            {path.name.upper() for path in secrets_dir.iterdir()} if secrets_dir else set()
        )
        self._known: set[str] = set()
        self._unknowable: set[str] = set()
        self.problems: list[Problem] = []
        self.secrets: dict[str, str] = {}

    @property
    def names(self) -> set[str]:
        """The variables that are set, wherever."""
        return self._in_environment | self._in_env_file | self._files

    def __call__(
        self, model: type[V], /, *, prefix: str, defaults: Mapping[str, Any] | None = None
    ) -> V:
        """Read one group; `defaults` are those of a preset.

        Raises:
            InvalidSettings: something in it is wrong.
        """
        self.declare(model, prefix=prefix)
        try:
            variables = model(
                _env_prefix=prefix,
                _env_file=self._env_file,
                _secrets_dir=self._secrets_dir,
                **(defaults or {}),
            )
        except ValidationError as error:
            raise InvalidSettings(problems_of_group(error, prefix)) from None
        for name, field in zip(variable_names(model, prefix), model.model_fields, strict=True):
            value = getattr(variables, field)
            if isinstance(value, SecretStr):
                self.secrets[name] = value.get_secret_value().strip()
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
    def collecting(self) -> Iterator[None]:
        """Note the problems of what is read inside, and go on after it."""
        try:
            yield
        except InvalidSettings as error:
            self.note(error.problems)

    def note(self, problems: Iterable[Problem]) -> None:
        """Note problems, and go on."""
        self.problems += problems

    def declare(self, model: type[Variables], /, *, prefix: str) -> None:
        """Say that a group may be set, whether or not it is read."""
        self._known.update(variable_names(model, prefix))

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
            *self._set_twice(),
            *shared_secrets(self.secrets),
        ]
        if problems:
            raise InvalidSettings(problems)

    def _unknown(self) -> Iterable[Problem]:
        for prefix in PREFIXES:
            known = [name for name in self._known if name.startswith(prefix)]
            for name in self.names - self._known:
                near = difflib.get_close_matches(name, known, n=1)
                if name.startswith(prefix) and (near or prefix not in self._unknowable):
                    hint = f"did you mean {near[0]}?" if near else "remove it"
                    yield Problem(name, f"is not a known variable; {hint}")

    def _set_twice(self) -> Iterable[Problem]:
        for names, where in (
            (self._in_environment & self._files, "in the environment and as a file"),
            (self._in_environment & self._in_env_file, "in the environment and in ENV_FILE"),
            (self._in_env_file & self._files, "in ENV_FILE and as a file"),
        ):
            for name in names & self._known:
                yield Problem(name, f"is set {where}; keep one of them")
