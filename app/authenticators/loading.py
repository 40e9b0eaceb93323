"""From a name in the configuration to an authenticator."""

from __future__ import annotations

import asyncio
import difflib
import importlib
import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final

from app.authenticators.contract import Authenticator, AuthenticatorContext, Reader
from app.authenticators.presets import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import falcon.asgi

    from app.identity import Identity
    from app.settings.variables import Variables

ENTRY_POINT_GROUP: Final = "marketplace_sso.authenticators"

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_THREADS = 32


@dataclass(frozen=True, slots=True)
class Named:
    """One entry of `SSO_AUTHENTICATORS`: `name=target`, or just `target`."""

    name: str
    target: str

    @property
    def prefix(self) -> str:
        """What its variables begin with."""
        return f"AUTH_{self.name.upper().replace('-', '_')}_"


def parse(entries: Sequence[str]) -> list[Named]:
    """Read the entries of `SSO_AUTHENTICATORS`, in the order in which they are asked.

    Raises:
        ValueError: none, a name twice, one that is no name, or a built-in one for something else.
    """
    named = [_parse_one(entry) for entry in entries]
    names = [entry.name for entry in named]
    if not named:
        raise ValueError(f"is required; built in are {', '.join(BUILT_IN)}")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"names {name!r} twice; write other=… before one of them")
    return named


def _parse_one(entry: str) -> Named:
    name, equals, target = entry.partition("=")
    if not equals:
        target = name
        name = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of small letters, digits and hyphens")
    if name in BUILT_IN and target != name:
        raise ValueError(f"{name!r} is built in; give {target!r} another name")
    return Named(name, target)


def preset_defaults(named: Named, *, reader: Reader) -> Mapping[str, Any]:
    """Read what a preset says of its engine's variables; nothing where the target is no preset.

    Raises:
        pydantic.ValidationError: one of the preset's own variables is wrong.
    """
    preset = BUILT_IN.get(named.target)
    return preset.read_defaults(reader, named.prefix) if preset else {}


def engine_variables(named: Named) -> type[Variables]:
    """Give the variables that the engine of a preset would read."""
    variables: type[Variables] = _imported(named.target).VARIABLES
    return variables


def build(
    named: Named, *, reader: Reader, defaults: Mapping[str, Any], unix_peers_only: bool
) -> Authenticator:
    """Import what is named, and only that, and build it from its own variables.

    Raises:
        ValueError: nothing has that name, or it is not what the contract asks for.
        pydantic.ValidationError: its variables are wrong.
    """
    found = _imported(named.target)
    context = AuthenticatorContext(
        name=named.name,
        prefix=named.prefix,
        reader=reader,
        unix_peers_only=unix_peers_only,
        defaults=defaults,
    )
    factory = getattr(found, "from_settings", None)
    authenticator = found if factory is None else factory(context)
    if not callable(authenticator):
        raise ValueError(f"{named.target!r} is neither callable nor has from_settings(context)")  # noqa: TRY004 - it is the configuration that is wrong
    return asynchronous(authenticator)


def _imported(target: str) -> Any:  # noqa: ANN401 - whatever stands there
    if target in BUILT_IN:
        return importlib.import_module(f"app.authenticators.{BUILT_IN[target].engine}")
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=target):
        return entry_point.load()
    module, colon, attribute = target.partition(":")
    if not colon:
        near = difflib.get_close_matches(target, BUILT_IN, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"built in are {', '.join(BUILT_IN)}"
        raise ValueError(f"{target!r} is unknown; {hint}")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{target!r} cannot be imported: {error}") from error


def asynchronous(authenticator: Any) -> Authenticator:  # noqa: ANN401 - sync or async callable
    """Give an authenticator that never blocks: a sync one runs in a thread."""
    call = authenticator if inspect.isroutine(authenticator) else authenticator.__call__
    if inspect.iscoroutinefunction(call):
        return authenticator  # type: ignore[no-any-return] # checked by what it returns
    return _InThreads(authenticator)


class _InThreads:
    """An authenticator that may block; what else it has is left as it is."""

    def __init__(self, authenticator: Any) -> None:  # noqa: ANN401 - any callable
        self._authenticator = authenticator
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="authenticator")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        return getattr(self._authenticator, name)

    async def __call__(self, request: falcon.asgi.Request, /) -> Identity | None:
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._threads, self._authenticator, request)
        identity: Identity | None = await result if inspect.isawaitable(result) else result
        return identity
