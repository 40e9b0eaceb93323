"""What scripts of the host's pages on other origins may ask (CORS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.request import Request

_PREFLIGHT: Final = (
    ("Access-Control-Allow-Headers", "Accept, Authorization"),
    ("Access-Control-Allow-Methods", "GET"),
    ("Access-Control-Max-Age", "600"),
)


class Cors:
    """Falcon middleware: answers preflights, and opens answers to `origins` and to nobody else.

    It is for resources with `cross_origin`; redirects stay closed. That all of these answers depend
    on `Origin` stands in the `Vary` of every answer.
    """

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._origins = frozenset(origins)

    async def process_resource(
        self, req: Request, resp: Response, resource: object, _params: dict[str, Any]
    ) -> None:
        """Answer a preflight that holds; every other `OPTIONS` is a method that there is not."""
        if req.method != "OPTIONS" or not self._is_opened(req, resource):
            return
        if req.get_header("Access-Control-Request-Method") == "GET":
            resp.status = 204
            resp.set_headers(_PREFLIGHT)
            resp.complete = True

    async def process_response(
        self,
        req: Request,
        resp: Response,
        resource: object,
        _succeeded: bool,  # noqa: FBT001 - the signature is Falcon's
    ) -> None:
        """Open the answer, an error too, so that a script can read what was wrong."""
        if not 300 <= resp.status_code < 400 and self._is_opened(req, resource):  # noqa: PLR2004 - a redirect
            resp.set_header("Access-Control-Allow-Origin", str(req.get_header("Origin")))
            resp.set_header("Access-Control-Allow-Credentials", "true")

    def _is_opened(self, req: Request, resource: object) -> bool:
        return req.get_header("Origin") in self._origins and getattr(
            resource, "cross_origin", False
        )
