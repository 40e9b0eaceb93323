"""An identity provider on loopback that signs, rotates its keys, and misbehaves on demand."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self

from app.testing.issuer_keys import IssuerKey

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from types import TracebackType

JWKS_PATH: Final = "/jwks.json"
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"

_HUGE_BYTES: Final = 50 * 1024 * 1024
_DRIP_SECONDS: Final = 0.01


@cache
def _bomb() -> bytes:
    return gzip.compress(bytes(_HUGE_BYTES))


_BODIES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "ok": lambda body: body,
    "html": lambda _: b"<!doctype html><title>Sign in</title>",
    "list": lambda _: b"[]",
    "empty": lambda _: b'{"keys":[]}',
    "nothing": lambda _: b"",
    "truncated": lambda body: body[: len(body) // 2],
    "bad utf-8": lambda body: body.replace(b'"', b'"\xff', 1),
    "utf-16": lambda body: body.decode().encode("utf-16"),
    "deep": lambda _: b'{"keys":' + b"[" * 50_000,
    "gzip": gzip.compress,
    "bomb": lambda _: _bomb(),
}
"""What a document becomes. The other behaviours (`down`, `error`, `missing`, `redirect`, `hang`,
`drip`, `huge`) change the answer itself."""

_STATUS: Final = {"error": 500, "missing": 404, "redirect": 302}


class FakeIdentityProvider:
    """Serves from entering to leaving; `behaviour` may be changed at any time.

    `fetches` counts requests by path. `documents` are served besides keys and discovery.
    """

    def __init__(
        self,
        algorithm: str = "ES256",
        *,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.behaviour = "ok"
        self.fetches: Counter[str] = Counter()
        self.documents: dict[str, bytes] = {}
        self.key = IssuerKey(algorithm, "key-1")
        self.published = [self.key.jwk()]
        self._ending = threading.Event()
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self.origin = f"{'https' if tls else 'http'}://{host}:{self._server.server_port}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.issuer = self.origin
        self.jwks_url = self.origin + JWKS_PATH
        self.discovery_url = self.origin + DISCOVERY_PATH

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def claims(self, **claims: Any) -> dict[str, Any]:  # noqa: ANN401 - claims of any kind
        """Return a user's claims; `claims` replace the usual ones, and `None` removes one."""
        now = int(time.time())
        usual = {"iss": self.issuer, "aud": "marketplace-sso", "sub": "u-17", "iat": now}
        merged = {**usual, "email": "ada@acme.example", "exp": now + 3600, **claims}
        return {name: value for name, value in merged.items() if value is not None}

    def sign(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:  # noqa: ANN401 - as above
        """Sign a user's token."""
        return self.key.sign(self.claims(**claims), header)

    def rotate(self, *, overlap: bool) -> None:
        """Sign with a new key from now on; with `overlap`, the old one stays published."""
        old = self.published if overlap else []
        self.key = IssuerKey(self.key.algorithm, f"key-{int(str(self.key.key_id)[4:]) + 1}")
        self.published = [*old, self.key.jwk()]

    def _body(self, path: str) -> bytes:
        if path == DISCOVERY_PATH:
            document = {"issuer": self.issuer, "jwks_uri": self.jwks_url}
            return json.dumps(document).encode()
        return self.documents.get(path) or json.dumps({"keys": self.published}).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.fetches[self.path] += 1
                provider._answer(self)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        return Handler

    def _answer(self, to: BaseHTTPRequestHandler) -> None:
        behaviour = self.behaviour
        if behaviour == "hang":
            self._ending.wait()
        if behaviour in {"hang", "down"}:
            to.close_connection = True
            return
        body = _BODIES.get(behaviour, _BODIES["ok"])(self._body(to.path))
        to.send_response(_STATUS.get(behaviour, 200))
        if behaviour == "redirect":
            to.send_header("Location", f"{self.origin}/elsewhere")
        if behaviour in {"gzip", "bomb"}:
            to.send_header("Content-Encoding", "gzip")
        to.send_header("Content-Type", "application/json")
        to.send_header("Content-Length", str(_HUGE_BYTES if behaviour == "huge" else len(body)))
        to.end_headers()
        try:
            for piece in self._pieces(behaviour, body):
                to.wfile.write(piece)
        except OSError:
            to.close_connection = True  # the client has closed the connection

    def _pieces(self, behaviour: str, body: bytes) -> Any:  # noqa: ANN401 - a generator of bytes
        if behaviour == "huge":
            yield from (bytes(1024 * 1024) for _ in range(_HUGE_BYTES // (1024 * 1024)))
        elif behaviour == "drip":
            for byte in body:
                if self._ending.wait(_DRIP_SECONDS):
                    return
                yield bytes([byte])
        else:
            yield body
