"""The seam to the host's login: what an authenticator is, and what its outcomes mean.

An authenticator turns a request into an `Identity`. It gives `None` where the request carries no
credential of its kind; it raises `InvalidCredential` where one is there and does not hold,
`AccessDenied` where it knows who it is and refuses, `AuthenticatorUnavailable` where it cannot
decide now. Anything else that it raises or returns is a bug in it, and signs nobody on.

An object may also have, each of them only if it needs it:

- `async start()`: called once in every worker process before its first request, to open what is
  to stay open. It waits for nobody: with the other side down the worker starts all the same.
- `async stop()`: called once at the end, to close it.
- `ready`: an attribute that is true while it can decide. Where it is false, `/readyz` answers 503
  with the authenticator's name.
- `async probe()`: called by `check --online`, without `start()`. It tries what it depends on and
  gives `Trial`s, each with a remedy where something fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from app.settings.variables import Variables

if TYPE_CHECKING:
    import falcon.asgi

    from app.identity import Identity

V = TypeVar("V", bound=Variables)


class Authenticator(Protocol):
    """A coroutine function, or an object that is called like one."""

    def __call__(self, request: falcon.asgi.Request, /) -> Coroutine[Any, Any, Identity | None]:
        """Give the identity behind a request; `None` where no credential is of its kind."""
        ...


class Reader(Protocol):
    """Reads a group of variables: the one place that looks at the environment provides it."""

    def __call__(self, model: type[V], /, *, prefix: str, defaults: Mapping[str, Any]) -> V:
        """Read `model` from the variables of a prefix, over a preset's defaults."""
        ...


@dataclass(frozen=True, slots=True)
class AuthenticatorContext:
    """What the factory of an authenticator may know: its name, and its own variables.

    `prefix` is `AUTH_<NAME>_`. `unix_peers_only` tells whether the service listens on a unix
    socket and nowhere else. `defaults` are those of a preset. `now` gives epoch seconds.
    """

    name: str
    prefix: str
    reader: Reader
    unix_peers_only: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], float] = time.time

    def read(self, model: type[V]) -> V:
        """Read the variables of `model` under this authenticator's prefix.

        Raises:
            pydantic.ValidationError: reported at start with the variables' names.
        """
        return self.reader(model, prefix=self.prefix, defaults=self.defaults)


Factory = Callable[[AuthenticatorContext], Authenticator]
"""What `from_settings` of an engine, or of a module that is named in the configuration, is."""
