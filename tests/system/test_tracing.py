"""Traces, as a collector sees them that speaks OTLP over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.system.acme import PANDIUM
from tests.system.service import ROOT, eventually, serving

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector(ThreadingHTTPServer):
    """Keeps the spans it is sent, and is the host application that says who is signed in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.spans: dict[str, Span] = {}
        self.resource: dict[str, str] = {}
        self.traceparents: list[str | None] = []

    def take(self, body: bytes) -> None:
        for each in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = {item.key: item.value.string_value for item in each.resource.attributes}
            for scope in each.scope_spans:
                self.spans |= {span.name: span for span in scope.spans}


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        self.server.take(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"")

    def do_GET(self) -> None:
        self.server.traceparents.append(self.headers["traceparent"])
        self._answer(json.dumps({"id": "u-17", "email": "ada@acme.example"}).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, args=(0.01,))
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def introspected(host: str) -> dict[str, str]:
    return {
        **PANDIUM,
        "SSO_AUTHENTICATORS": "introspection",
        "AUTH_INTROSPECTION_URL": f"{host}/api/me",
        "AUTH_INTROSPECTION_FORWARD_COOKIES": "sessionid",
        "SSO_TRACING": "true",
    }


def test_a_collector_sees_a_sign_on_and_what_it_asked(collector: Collector, tmp_path: Path) -> None:
    environment = {
        **introspected(collector.address),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=staging",
        "OTEL_SERVICE_NAME": "acme-sso",
    }
    traceparent = f"traceparent: 00-{TRACE}-{PARENT}-01"
    with serving(environment, tmp_path) as service:
        assert service.get("/pandium-sso", "Cookie: sessionid=ada", traceparent).status == 307
        lines = [json.loads(line) for line in service.stdout.splitlines()]
    (line,) = [line for line in lines if line["event"] == "sign_on"]
    # The end sends what is left.
    names = ["GET introspection", "authenticate", "GET /pandium-sso"]
    question, step, sign_on = (collector.spans[name] for name in names)

    assert line["trace_id"] == TRACE
    assert {span.trace_id.hex() for span in collector.spans.values()} == {TRACE}
    assert sign_on.parent_span_id.hex() == PARENT
    assert step.parent_span_id == sign_on.span_id
    assert question.parent_span_id == step.span_id
    assert collector.traceparents == [f"00-{TRACE}-{question.span_id.hex()}-01"]
    assert sign_on.start_time_unix_nano <= question.start_time_unix_nano
    assert question.end_time_unix_nano <= sign_on.end_time_unix_nano
    assert collector.resource["service.name"] == "acme-sso"
    assert collector.resource["deployment.environment.name"] == "staging"
    for span in (question, step, sign_on):
        values = {item.key: item.value for item in span.attributes}
        figures = {name: str(value).partition(": ")[2].strip() for name, value in values.items()}
        print(span.name, span.parent_span_id.hex(), figures)


def test_a_collector_that_is_gone_costs_no_sign_on(collector: Collector, tmp_path: Path) -> None:
    environment = {
        **introspected(collector.address),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_BSP_SCHEDULE_DELAY": "20",
    }
    with serving(environment, tmp_path) as service:
        for _ in range(20):
            assert service.get("/pandium-sso", "Cookie: sessionid=ada").status == 307
        eventually(lambda: "opentelemetry" in service.output)


def test_without_tracing_the_sdk_is_not_even_loaded() -> None:
    program = "import sys, app.server.serving, app.main; sys.exit('opentelemetry' in sys.modules)"

    assert subprocess.run((sys.executable, "-c", program), cwd=ROOT, check=False).returncode == 0  # noqa: S603 - our own interpreter
