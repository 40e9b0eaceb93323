"""Spans of OpenTelemetry, sent over HTTP as OTLP; its own variables, `OTEL_…`, say where to.

Names and attributes follow its semantic conventions for HTTP spans. No user, no query and no text
of an exception is in any of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from opentelemetry.context import Context, attach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app import __version__

if TYPE_CHECKING:
    from app.telemetry.tracing import Answered

_FAREWELL_SECONDS: Final = 3.0
_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500
_PORTS: Final = {"http": 80, "https": 443}
_TRACE_CONTEXT: Final = TraceContextTextMapPropagator()
_NAME: Final = "marketplace-sso"


class Spans:
    """Makes the spans of one process; a thread of it sends them.

    `exporter` sends them elsewhere than `OTEL_EXPORTER_OTLP_ENDPOINT` says.
    """

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        ours = Resource({"service.name": _NAME, "service.version": __version__})
        resource = Resource.create().merge(ours).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._exporter = exporter or OTLPSpanExporter()
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer(_NAME, __version__)

    async def close(self) -> None:
        """Send what is left; a collector that does not take it is waited for 3 s."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, _FAREWELL_SECONDS)
        self._exporter.shutdown()  # or it goes on trying

    def server(
        self, name: str, headers: Mapping[str, str], attributes: Mapping[str, str]
    ) -> ServerSpan:
        """Begin the span of a request, in the trace of its `traceparent` if it has one.

        What the same task does until it ends is below it.
        """
        around = _TRACE_CONTEXT.extract(headers, Context())
        span = self._tracer.start_span(
            name, around, kind=SpanKind.SERVER, attributes=dict(attributes)
        )
        attach(set_span_in_context(span, around))
        return ServerSpan(span)

    def is_within_one(self) -> bool:
        """Tell whether a span is open in this task, or in the one that began it."""
        return get_current_span().get_span_context().is_valid

    @contextmanager
    def step(
        self, name: str, attributes: Mapping[str, Any], kind: SpanKind = SpanKind.INTERNAL
    ) -> Iterator[Span]:
        """Open a span below the current one."""
        with self._tracer.start_as_current_span(
            name,
            kind=kind,
            attributes=dict(attributes),
            record_exception=False,  # its text may quote a credential
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except Exception as error:
                _set_error(span, type(error).__name__)
                raise

    @contextmanager
    def question(
        self, purpose: str, method: str, address: str, headers: MutableMapping[str, str]
    ) -> Iterator[Answered]:
        """Open the span of a question to another server, and add `traceparent` to its headers."""
        parts = urlsplit(address)
        told = {
            "http.request.method": method,
            "server.address": parts.hostname or "",
            "server.port": parts.port or _PORTS[parts.scheme],
            "url.full": f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}",
            "sso.purpose": purpose,
        }
        with self.step(f"{method} {purpose}", told, SpanKind.CLIENT) as span:
            _TRACE_CONTEXT.inject(headers)
            yield lambda status: _set_status(span, status, _CLIENT_ERROR)


class ServerSpan:
    """The span of a request that is being answered."""

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str:
        """The id of the trace, as the log has it."""
        return f"{self._span.get_span_context().trace_id:032x}"

    def end(self, status: int, attributes: Mapping[str, str]) -> None:
        """Say how the request was answered."""
        self._span.set_attributes(attributes)
        _set_status(self._span, status, _SERVER_ERROR)
        self._span.end()


def _set_status(span: Span, status: int, first_error: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= first_error:
        _set_error(span, str(status))


def _set_error(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)
