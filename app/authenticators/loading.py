"""From the names in `SSO_AUTHENTICATORS` to authenticators."""

from __future__ import annotations

import asyncio
import difflib
import importlib
import inspect
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from app.authenticators.contract import Authenticator, AuthenticatorContext
from app.authenticators.entries import Entry, parse_entries
from app.authenticators.presets import BUILT_IN
from app.settings.problems import InvalidSettings, Problem, fault
from app.settings.service import ListeningVariables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import falcon.asgi

    from app.identity import Identity
    from app.settings.reading import Reading

ENTRY_POINT_GROUP: Final = "marketplace_sso.authenticators"

_THREADS = 32


def load_authenticators(
    reading: Reading, *, own_keys: frozenset[bytes] = frozenset(), now: Callable[[], float]
) -> dict[str, Authenticator]:
    """Make the authenticators by name, in the order in which they are asked.

    `own_keys` are the fingerprints of the public keys that this service signs for.

    Their problems are noted in `reading`. While one of them is in the list itself, it is not known
    which variables there are.
    """
    authenticators: dict[str, Authenticator] = {}
    problems: list[Problem] = []
    entries: list[Entry] = []
    with _collecting(problems):
        listening = reading(ListeningVariables, prefix="SSO_")
        entries = parse_entries(listening.authenticators)
    for entry in entries:
        with _collecting(problems):
            context = AuthenticatorContext(
                name=entry.name,
                prefix=entry.prefix,
                reader=reading,
                unix_peers_only=listening.unix_peers_only,
                own_keys=own_keys,
                now=now,
            )
            made = _make(entry, reading, context)
            authenticators[entry.name] = asynchronous(made)
    if any(problem.variable.startswith("SSO_") for problem in problems):
        reading.declare_unknowable("AUTH_")
    reading.note(problems)
    return authenticators


@contextmanager
def _collecting(problems: list[Problem]) -> Iterator[None]:
    """Collect problems of variables; any other exception is a problem of the list itself.

    A module that is imported may raise anything, and even end the process.
    """
    try:
        yield
    except InvalidSettings as error:
        problems += error.problems
    except ValidationError as error:  # of a plugin's own model: it prints what it was given
        problems.append(fault("SSO_AUTHENTICATORS", error))
    except ValueError as error:
        problems.append(Problem("SSO_AUTHENTICATORS", str(error)))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - no exception class is special
        problems.append(fault("SSO_AUTHENTICATORS", error))


def _make(entry: Entry, reading: Reading, context: AuthenticatorContext) -> Any:  # noqa: ANN401 - any callable, sync or async
    """Import what an entry names, and nothing else, and make it from its own variables.

    Raises:
        ValueError: nothing has that name, or it is not an authenticator.
        InvalidSettings: its variables are wrong.
    """
    found = _imported(entry.target)
    if entry.target in BUILT_IN:
        reading.declare(found.VARIABLES, prefix=entry.prefix)  # read_defaults may fail before
        defaults = BUILT_IN[entry.target].read_defaults(reading, entry.prefix)
        context = replace(context, defaults=defaults)
    factory = getattr(found, "from_settings", None)
    authenticator = found if factory is None else factory(context)
    if not callable(authenticator):
        wrong = "which is neither callable nor has from_settings(context)"
        raise ValueError(f"contains {entry.target!r}, {wrong}")  # noqa: TRY004 - it is the configuration that is wrong
    return authenticator


def _imported(target: str) -> Any:  # noqa: ANN401 - a module, a class, a function
    if target in BUILT_IN:
        return importlib.import_module(f"app.authenticators.{BUILT_IN[target].engine}")
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=target):
        return entry_point.load()
    module, colon, attribute = target.partition(":")
    if not colon:
        near = difflib.get_close_matches(target, BUILT_IN, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"built in are {', '.join(BUILT_IN)}"
        raise ValueError(f"contains {target!r}, which is not known; {hint}")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"contains {target!r}, which cannot be imported: {error}") from error


def asynchronous(authenticator: Any) -> Authenticator:  # noqa: ANN401 - sync or async callable
    """Return an authenticator that never blocks: a sync one runs in a thread."""
    call = authenticator if inspect.isroutine(authenticator) else authenticator.__call__
    if inspect.iscoroutinefunction(call):
        return authenticator  # type: ignore[no-any-return] # checked by what it returns
    return _InThreads(authenticator)


class _InThreads:
    """An authenticator that may block, called in a thread; its other attributes are its own."""

    def __init__(self, authenticator: Any) -> None:  # noqa: ANN401 - any callable
        self._authenticator = authenticator
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="authenticator")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute
        return getattr(self._authenticator, name)

    async def __call__(self, request: falcon.asgi.Request, /) -> Identity | None:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._threads, self._authenticator, request)
        identity: Identity | None = await result if inspect.isawaitable(result) else result
        return identity
