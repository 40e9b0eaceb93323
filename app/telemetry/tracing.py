"""Tracing: the parts of a sign-on as spans of OpenTelemetry. Off, all of this does nothing.

The SDK is the extra `otel`, and `app.telemetry.spans` is the one module that imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.telemetry.spans import Spans

_PACKAGES: Final = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
_OFF: Final = nullcontext(lambda _status: None)

_spans: Final[list[Spans]] = []
"""What makes the spans of this process, while it traces."""

Answered = Callable[[int], None]
"""Takes the status of the answer to a question."""


def is_installed() -> bool:
    """Tell whether the packages of the extra `otel` are there."""
    try:
        return all(find_spec(package) is not None for package in _PACKAGES)
    except ModuleNotFoundError:  # not even the package above
        return False


def spans() -> Spans:
    """Make what makes spans and sends them, in the process whose spans they are."""
    from app.telemetry.spans import Spans  # noqa: PLC0415 - imports an extra

    return Spans()


def start(made: Spans) -> None:
    """Trace from here on."""
    _spans[:] = [made]


async def stop() -> None:
    """End, and send what is left."""
    while _spans:
        await _spans.pop().close()


def step(name: str, attributes: Mapping[str, str]) -> AbstractContextManager[object]:
    """Return the span of a part of a sign-on; nothing outside one."""
    return _spans[0].step(name, attributes) if _is_traced() else _OFF


def question(
    purpose: str, method: str, address: str, headers: MutableMapping[str, str]
) -> AbstractContextManager[Answered]:
    """Return the span of what a sign-on asks another server, which learns of it by `traceparent`.

    It gives what takes the answer's status. Only the origin and the path of the address are told.
    """
    return _spans[0].question(purpose, method, address, headers) if _is_traced() else _OFF


def _is_traced() -> bool:
    return bool(_spans) and _spans[0].is_within_one()
