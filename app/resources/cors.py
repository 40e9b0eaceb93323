"""CORS: what scripts of the host's pages on other origins may read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from falcon.asgi import Response

    from app.resources.request import Request

_HEADERS: Final = ("Accept", "Authorization")


class Cors:
    """Answers preflights of `origins`, and lets their scripts read answers.

    Only resources with `cross_origin` take part. Every answer has `Origin` in its `Vary`.
    `script_headers` are headers besides `Authorization` in which scripts bring a credential.
    """

    def __init__(self, origins: tuple[str, ...], script_headers: frozenset[str]) -> None:
        self._origins = frozenset(origins)
        others = script_headers - {name.lower() for name in _HEADERS}
        self._preflight = (
            ("Access-Control-Allow-Headers", ", ".join((*_HEADERS, *sorted(others)))),
            ("Access-Control-Allow-Methods", "GET"),
            ("Access-Control-Max-Age", "600"),
        )

    def answer_preflight(self, req: Request, resp: Response, resource: object) -> bool:
        """Answer a valid preflight; every other `OPTIONS` is left to be refused as a method."""
        if req.method != "OPTIONS" or not self._is_opened(req, resource):
            return False
        if req.get_header("Access-Control-Request-Method") != "GET":
            return False
        resp.status = 204
        resp.set_headers(self._preflight)
        resp.complete = True
        return True

    def open_answer(self, req: Request, resp: Response, resource: object) -> None:
        """Let the origin's scripts read an answer; errors too, so that they see what is wrong."""
        if self._is_opened(req, resource):
            resp.set_header("Access-Control-Allow-Origin", str(req.get_header("Origin")))
            resp.set_header("Access-Control-Allow-Credentials", "true")

    def _is_opened(self, req: Request, resource: object) -> bool:
        return req.get_header("Origin") in self._origins and getattr(
            resource, "cross_origin", False
        )
