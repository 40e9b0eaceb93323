"""A span for each sign-on, where tracing is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.telemetry import tracing

if TYPE_CHECKING:
    from collections.abc import Callable

    from falcon.asgi import Response

    from app.destinations.destination import Destination
    from app.resources.request import Request
    from app.telemetry.spans import Spans


class Tracing:
    """Falcon middleware; `spans` makes what makes them, in the worker whose spans they are."""

    def __init__(self, spans: Callable[[], Spans]) -> None:
        self._make = spans
        self._spans: Spans | None = None

    async def process_startup(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        """Begin."""
        self._spans = self._make()
        tracing.start(self._spans)

    async def process_shutdown(self, _scope: dict[str, Any], _event: dict[str, Any]) -> None:
        """End."""
        await tracing.stop()

    async def process_resource(
        self, req: Request, _resp: Response, resource: object, _params: dict[str, Any]
    ) -> None:
        """Begin the span of a sign-on."""
        if self._spans is None or not getattr(resource, "signs_on", False):
            return
        destination: Destination = resource.destination  # type: ignore[attr-defined] # it has one
        req.context.span = self._spans.server(
            f"{req.method} {req.uri_template}",
            {name.lower(): value for name, value in req.headers.items()},
            {
                "http.request.method": req.method,
                "http.route": str(req.uri_template),
                "url.scheme": req.scheme,
                "sso.destination": destination.name,
                "sso.page": destination.page,
            },
        )

    async def process_response(
        self,
        req: Request,
        resp: Response,
        _resource: object,
        _succeeded: bool,  # noqa: FBT001 - the signature is Falcon's
    ) -> None:
        """End it, with the code of a refusal."""
        if req.context.span is None:
            return
        told = {"sso.outcome": req.context.outcome}
        if req.context.refusal is not None:
            told["sso.code"] = req.context.refusal.code
        req.context.span.end(resp.status_code, told)
