"""Spans: what asked whom, below which request, and nothing of the user."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from falcon.testing import ASGIConductor, Result
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from app.authenticators.jwt.fetched_keys import FetchedKeys
from app.authenticators.jwt.key_server import KeyServer
from app.main import create_app
from app.telemetry import tracing
from app.telemetry.spans import Spans
from app.testing import FakeIdentityProvider
from tests.authenticators.introspection.hosts import Host, running
from tests.in_process import Load, Server, problems
from tests.samples import NOW, PANDIUM, PROXY

ON = {"SSO_TRACING": "true"}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
ADA = {"id": "u-17", "email": "ada@acme.example", "name": "Ada Lovelace", "groups": ["board"]}
COOKIE = {"Cookie": "sessionid=the-cookie-of-ada"}
ROW = """[x]
address = "https://x.example/sso"
parameter = "jwt"
claims = {{ sub = "{{subject}}" }}
[x.exchange]
url = "{url}"
json = {{ user = "{{subject}}", key = "{{key}}" }}
token = "link_token"
"""

Get = Callable[..., Awaitable[Result]]
Found = InMemorySpanExporter


async def me(_: web.Request) -> web.Response:
    return web.json_response(ADA)


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with running(me) as host:
        yield host


@pytest.fixture
def found() -> Found:
    return InMemorySpanExporter()


def asks(host: Host) -> dict[str, str]:
    return {
        "SSO_AUTHENTICATORS": "introspection",
        "AUTH_INTROSPECTION_URL": host.url,
        "AUTH_INTROSPECTION_FORWARD_COOKIES": "sessionid",
    }


@asynccontextmanager
async def serving(load: Load, found: Found, *variables: dict[str, str]) -> AsyncIterator[Get]:
    """Serve to the block; all spans are found after it."""
    config = load(*variables, now=lambda: NOW)
    app = Server(create_app(config, now=lambda: NOW, spans=lambda: Spans(found)))
    async with ASGIConductor(app) as conductor:

        async def get(path: str = "/pandium-sso", **headers: str) -> Result:
            return await conductor.simulate_get(path, headers=headers, remote_addr="127.0.0.1")

        yield get


def told(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def by_name(found: Found) -> dict[str, ReadableSpan]:
    spans = {span.name: span for span in found.get_finished_spans()}
    assert len(spans) == len(found.get_finished_spans())
    return spans


async def test_a_sign_on_has_its_parts_below_it(load: Load, host: Host, found: Found) -> None:
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        answer = await get(traceparent=TRACEPARENT, **COOKIE)

    spans = by_name(found)
    assert answer.status_code == 307
    assert list(spans) == ["GET introspection", "authenticate", "GET /pandium-sso"]
    asked, step, request = spans.values()
    assert (request.kind, step.kind, asked.kind) == (
        SpanKind.SERVER,
        SpanKind.INTERNAL,
        SpanKind.CLIENT,
    )
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    for span, above in ((step, request), (asked, step)):
        assert span.parent is not None
        assert span.parent.span_id == above.context.span_id
        assert f"{span.context.trace_id:032x}" == TRACE
    assert told(request) == {
        "http.request.method": "GET",
        "http.route": "/pandium-sso",
        "url.scheme": "http",
        "http.response.status_code": 307,
        "sso.destination": "pandium",
        "sso.page": "marketplace",
        "sso.outcome": "signed_on",
    }
    assert told(asked)["url.full"] == host.url
    assert told(asked)["http.response.status_code"] == 200


async def test_the_host_is_told_of_the_trace(load: Load, host: Host, found: Found) -> None:
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        await get(traceparent=TRACEPARENT, **COOKIE)

    (asked,) = host.asked
    span = by_name(found)["GET introspection"]
    assert asked.headers["traceparent"] == f"00-{TRACE}-{span.context.span_id:016x}-01"


async def test_nothing_of_the_user_is_in_a_span(load: Load, host: Host, found: Found) -> None:
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        answer = await get("/pandium-sso?integration_id=in-the-query", **COOKIE)
        await get("/pandium-sso", Cookie="sessionid=wrong")

    text = "".join(span.to_json() for span in found.get_finished_spans())
    token = answer.headers["location"].partition("tenant=")[2]
    hidden = (*map(str, ADA.values()), "board", "the-cookie-of-ada", "in-the-query", token)
    assert [each for each in hidden if each in text] == []


@pytest.mark.parametrize(
    "traceparent", [None, "", "nonsense", f"00-{'0' * 32}-{PARENT}-01", f"{TRACEPARENT}, x"]
)
async def test_without_a_valid_traceparent_a_trace_begins_here(
    load: Load, host: Host, found: Found, traceparent: str | None
) -> None:
    headers = {} if traceparent is None else {"traceparent": traceparent}
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        await get(**headers, **COOKIE)

    assert by_name(found)["GET /pandium-sso"].parent is None


async def test_the_log_line_has_the_id_of_the_trace(
    load: Load, host: Host, found: Found, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        await get(**COOKIE)

    trace = by_name(found)["GET /pandium-sso"].context.trace_id
    assert f"{trace:032x}" in capsys.readouterr().out


async def test_a_refusal_has_its_code_and_is_no_error(load: Load, host: Host, found: Found) -> None:
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        await get()

    request = by_name(found)["GET /pandium-sso"]
    assert (told(request)["sso.outcome"], told(request)["sso.code"]) == ("refused", "no_session")
    assert request.status.status_code is StatusCode.UNSET


async def test_a_host_that_does_not_answer_is_an_error_of_each_span(
    load: Load, found: Found
) -> None:
    async def hangs_up(asked: web.Request) -> web.Response:
        assert asked.transport is not None
        asked.transport.abort()
        return web.Response()

    async with (
        running(hangs_up) as host,
        serving(load, found, PANDIUM, asks(host), ON) as get,
    ):
        answer = await get(**COOKIE)

    assert answer.status_code == 503
    errors = {name: told(span)["error.type"] for name, span in by_name(found).items()}
    assert errors == {
        "GET introspection": "NoAnswer",
        "authenticate": "AuthenticatorUnavailable",
        "GET /pandium-sso": "503",
    }
    for span in found.get_finished_spans():
        assert span.status.status_code is StatusCode.ERROR
        assert span.events == ()


@pytest.mark.parametrize(("status", "seen"), [(200, None), (500, "500"), (404, "404")])
async def test_an_exchange_is_below_its_sign_on(
    load: Load, found: Found, tmp_path: Any, status: int, seen: str | None
) -> None:
    async def api(_: web.Request) -> web.Response:
        return web.json_response({"link_token": "from-the-vendor"}, status=status)

    user = {"X-Forwarded-User": "u-17"}
    async with running(api) as host:
        rows = tmp_path / "rows.toml"
        rows.write_text(ROW.format(url=host.url))
        variables = {"SSO_DESTINATIONS_FILE": str(rows), "DESTINATION_X_KEY": "of-the-api-17"}
        async with serving(load, found, PROXY, variables, ON) as get:
            await get("/x-sso", **user)

    spans = by_name(found)
    asked, request = spans["POST exchange"], spans["GET /x-sso"]
    assert asked.parent is not None
    assert asked.parent.span_id == request.context.span_id
    assert told(asked).get("error.type") == seen
    text = "".join(span.to_json() for span in spans.values())
    assert not re.search("of-the-api-17|from-the-vendor|u-17", text)


async def test_a_fetch_of_keys_is_below_the_sign_on_that_waits_for_it(found: Found) -> None:
    spans = Spans(found)
    tracing.start(spans)
    with FakeIdentityProvider() as provider:
        server = KeyServer(timeout_seconds=5)
        keys = FetchedKeys(
            server, lambda: server.get(provider.jwks_url), ttl_seconds=300, max_stale_seconds=600
        )
        await server.start()
        request = spans.server("GET /pandium-sso", {}, {})
        with tracing.step("authenticate", {"sso.authenticator": "oidc"}):
            assert await keys.find("key-1", "ES256")
        request.end(307, {})
        await server.stop()
    await tracing.stop()

    fetched, step = by_name(found)["GET keys"], by_name(found)["authenticate"]
    assert fetched.parent is not None
    assert fetched.parent.span_id == step.context.span_id
    assert told(fetched)["url.full"] == provider.jwks_url


async def test_only_sign_ons_have_spans(load: Load, host: Host, found: Found) -> None:
    async with serving(load, found, PANDIUM, asks(host), ON) as get:
        for path in ("/livez", "/readyz", "/metrics", "/nowhere", "/pandium-sso/session"):
            await get(path)

    assert found.get_finished_spans() == ()


async def test_without_tracing_there_is_no_span_and_nobody_is_told(
    load: Load, host: Host, found: Found
) -> None:
    async with serving(load, found, PANDIUM, asks(host)) as get:
        answer = await get(traceparent=TRACEPARENT, **COOKIE)

    assert answer.status_code == 307
    assert found.get_finished_spans() == ()
    assert "traceparent" not in host.asked[0].headers


@pytest.mark.parametrize("missing", [None, ModuleNotFoundError("opentelemetry")])
def test_tracing_without_its_packages_is_a_problem_that_names_the_extra(
    load: Load, monkeypatch: pytest.MonkeyPatch, missing: Exception | None
) -> None:
    def find_spec(_name: str) -> None:
        if missing is not None:
            raise missing

    monkeypatch.setattr(tracing, "find_spec", find_spec)

    wrong = problems(load, PROXY, PANDIUM, ON)

    assert wrong == {"SSO_TRACING": "needs the extra otel: pip install '.[otel]' in a checkout"}


async def test_a_collector_that_hangs_holds_up_the_end_for_a_while_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()

    class Hanging(InMemorySpanExporter):
        def export(self, _spans: Sequence[ReadableSpan]) -> SpanExportResult:
            released.wait(30)
            return SpanExportResult.FAILURE

    monkeypatch.setattr("app.telemetry.spans._FAREWELL_SECONDS", 0.05)
    spans = Spans(Hanging())
    spans.server("GET /x", {}, {}).end(200, {})

    async with asyncio.timeout(10):
        await spans.close()

    released.set()


async def test_a_collector_that_is_not_there_costs_no_sign_on(
    load: Load, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    config = load(PANDIUM, asks(host), ON, now=lambda: NOW)

    async with ASGIConductor(Server(create_app(config, now=lambda: NOW))) as conductor:
        answer = await conductor.simulate_get("/pandium-sso", headers=COOKIE)

    assert answer.status_code == 307
