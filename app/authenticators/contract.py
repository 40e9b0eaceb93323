"""What an authenticator is, and what its outcomes mean.

An authenticator turns a request into an `Identity`. It returns `None` if the request carries no
credential of its kind. It raises `InvalidCredential` for a credential that does not hold,
`AccessDenied` for a known user who is refused, and `AuthenticatorUnavailable` if it cannot decide
now. Anything else that it raises or returns is a bug in it, and signs nobody on.

An object may also have any of these:

- `async start()`: called once in every worker process before its first request, to open what stays
  open. It must not wait for others: a worker starts even if the other side is down.
- `async stop()`: called once at the end, to close it.
- `ready`: an attribute that is true while it can decide. While it is false, `/readyz` answers 503
  with the authenticator's name.
- `immediate`: an attribute that is true if it never waits for anybody. Then it is called without a
  deadline.
- `leeway_seconds`: how long after `expires_at` of its identities it still lets them in.
- `script_header`: the header, in lower case, in which a script of `SSO_HOST_ORIGINS` may bring its
  credential; `Authorization` is always allowed.
- `warnings`: texts that `check` prints: what is legal in its configuration and likely wrong.
- `believes`: a text that `check` prints: whom or what it takes for true.
- `async probe()`: called by `check --online`, without `start()`. It tries what the authenticator
  depends on and returns a list of `ProbeResult`.
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
        """Return the identity behind a request; `None` without a credential of its kind."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One thing that was tried, what was found, and what to do if that is wrong.

    The texts quote no secret, and nothing that the other side sent.
    """

    what: str
    found: str
    remedy: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done."""
        return self.remedy is None


class Reader(Protocol):
    """Reads a group of variables from the environment."""

    def __call__(self, model: type[V], /, *, prefix: str, defaults: Mapping[str, Any]) -> V:
        """Read `model` from the variables of a prefix, over a preset's defaults."""
        ...


@dataclass(frozen=True, slots=True)
class AuthenticatorContext:
    """What the factory of an authenticator is given: its name, and its own variables.

    `prefix` is `AUTH_<NAME>_`. `unix_peers_only` is true if the service listens on a unix socket
    only. `defaults` are those of a preset. `own_keys` are the fingerprints of the public keys that
    this service itself signs for: what they verify is a token for a vendor and never a session.
    `now` returns epoch seconds.
    """

    name: str
    prefix: str
    reader: Reader
    unix_peers_only: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    own_keys: frozenset[bytes] = frozenset()
    now: Callable[[], float] = time.time

    def read(self, model: type[V]) -> V:
        """Read the variables of `model` under this authenticator's prefix.

        Raises:
            pydantic.ValidationError: reported at start with the variables' names.
        """
        return self.reader(model, prefix=self.prefix, defaults=self.defaults)
