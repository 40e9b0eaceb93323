"""Reading groups of variables with all their problems at once."""

from __future__ import annotations

import difflib
from base64 import b64decode
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from app.settings.variables import Variables, WrongVariable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

V = TypeVar("V", bound=Variables)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong with one variable, and what would be right."""

    variable: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.variable} {self.wrong}"


class InvalidSettings(Exception):
    """A configuration with which the service does not start."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("; ".join(map(str, self.problems)))


def variable_names(model: type[Variables], prefix: str) -> list[str]:
    """Give the names of the variables of a group."""
    return [f"{prefix}{field.upper()}" for field in model.model_fields]


def refuse_undecodable(environment: Mapping[str, str], prefixes: tuple[str, ...]) -> None:
    """Refuse variables of ours whose name or value is not UTF-8.

    Raises:
        InvalidSettings: with each of them; nothing else can be read beside them.
    """
    problems = [
        Problem(ascii(name).strip("'"), "is not UTF-8")
        for name, value in environment.items()
        if name.upper().startswith(prefixes) and not _is_utf8(name + value)
    ]
    if problems:
        raise InvalidSettings(problems)


def _is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


class Reading:
    """One pass over the environment: what was read, and what was wrong with it.

    `names` are the variables that are set, `secrets_dir` the folder with files named like them,
    `env_file` a file with further ones.
    """

    def __init__(
        self, names: Iterable[str], secrets_dir: Path | None = None, env_file: Path | None = None
    ) -> None:
        self.set = {name.upper() for name in names}
        more = {name.upper() for name in dotenv_values(env_file)} if env_file else set()
        self._twice = self.set & more
        self.set |= more
        self._env_file = env_file
        self.files = {path.name.upper() for path in secrets_dir.iterdir()} if secrets_dir else set()
        self.problems: list[Problem] = []
        self.secrets: dict[str, str] = {}
        self.excused: set[str] = set()  # prefixes of groups that could not even be looked at
        self._secrets_dir = secrets_dir
        self._read: set[str] = set()

    def __call__(self, model: type[V], /, *, prefix: str, defaults: Mapping[str, Any]) -> V:
        """Read one group.

        Raises:
            InvalidSettings: something in it is wrong.
        """
        names = variable_names(model, prefix)
        self._read.update(names)
        try:
            variables = model(
                _env_prefix=prefix,
                _env_file=self._env_file,
                _secrets_dir=self._secrets_dir,
                **defaults,
            )
        except ValidationError as error:
            raise InvalidSettings(_problems(error, prefix)) from None
        for name, field in zip(names, model.model_fields, strict=True):
            value = getattr(variables, field)
            if isinstance(value, SecretStr):
                self.secrets[name] = value.get_secret_value().strip()
        return variables

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep the problems of what is read inside, and go on after it."""
        try:
            yield
        except InvalidSettings as error:
            self.problems += error.problems

    def knows(self, model: type[Variables], prefix: str) -> None:
        """Count the variables of a group as read, whether or not it is."""
        self._read.update(variable_names(model, prefix))

    def anything_begins_with(self, prefix: str) -> bool:
        """Tell whether any variable of a prefix is set."""
        return any(name.startswith(prefix) for name in self.set | self.files)

    def overall_problems(self, prefixes: tuple[str, ...]) -> list[Problem]:
        """Give the problems that no single group can see."""
        return [
            *self._unread(prefixes),
            *(
                Problem(name, "is set in the environment and as a file; keep one of them")
                for name in self.set & self.files & self._read
            ),
            *(
                Problem(name, "is set in the environment and in ENV_FILE; keep one of them")
                for name in self._twice & self._read
            ),
            *self._shared_secrets(),
        ]

    def _unread(self, prefixes: tuple[str, ...]) -> Iterable[Problem]:
        for name in (self.set | self.files) - self._read:
            near = difflib.get_close_matches(name, self._read, n=1)
            if name.startswith(prefixes) and (near or not name.startswith(tuple(self.excused))):
                hint = f"did you mean {near[0]}?" if near else "take it out"
                yield Problem(name, f"is read by nothing; {hint}")

    def _shared_secrets(self) -> Iterable[Problem]:
        for name, secret in self.secrets.items():
            for other, same in self.secrets.items():
                if name < other and _readings(secret) & _readings(same):
                    yield Problem(other, f"is the same secret as {name}; take one of its own")


def _readings(secret: str) -> set[bytes]:
    """Give the bytes that a secret may stand for, however it is written."""
    readings = {secret.encode()}
    for decode in (bytes.fromhex, _base64, _base64url):
        with suppress(ValueError):
            readings.add(decode(secret))
    return readings


def _base64(text: str) -> bytes:
    return b64decode(text, validate=True)


def _base64url(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _problems(error: ValidationError, prefix: str) -> Iterable[Problem]:
    for found in error.errors(include_url=False, include_input=False):
        wrong = found["msg"].removeprefix("Value error, ")
        if found["type"] == "missing":
            wrong = "is required"
        cause = found.get("ctx", {}).get("error")
        field = cause.field if isinstance(cause, WrongVariable) else str(found["loc"][0])
        yield Problem(f"{prefix}{field.upper()}", wrong.replace("Input should", "should"))
