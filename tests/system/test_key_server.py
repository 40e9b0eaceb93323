"""A key server that is down at the start: the service lives, says so, and goes on later."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from .acme import PANDIUM
from .service import Service, free_port, serving

BACK_SECONDS = 15.0
KEYS = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "kid": "key-1",
            "use": "sig",
            "alg": "ES256",
            # RFC 7515, appendix A.3.1
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    ]
}


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


FORGED = ".".join(
    (
        part({"alg": "ES256", "kid": "key-1"}),
        part({"iss": "login", "aud": "sso", "sub": "u-17", "exp": 4_000_000_000}),
        "A" * 86,
    )
)


@contextmanager
def key_server(port: int) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(KEYS).encode())

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def is_ready_in_time(service: Service) -> bool:
    deadline = time.monotonic() + BACK_SECONDS
    while time.monotonic() < deadline:
        if service.get("/readyz").status == 200:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.requirement("R19", "R18")
def test_a_start_without_keys_is_a_start(tmp_path: Path) -> None:
    port = free_port()
    environment = {
        **PANDIUM,
        "SSO_AUTHENTICATORS": "corp=jwt",
        "AUTH_CORP_HEADER": "X-Token",
        "AUTH_CORP_ISSUER": "login",
        "AUTH_CORP_AUDIENCE": "sso",
        "AUTH_CORP_ALGORITHMS": "ES256",
        "AUTH_CORP_JWKS_URL": f"http://127.0.0.1:{port}/jwks.json",
    }
    with serving(environment, tmp_path) as service:
        assert service.get("/livez").status == 200
        ready = service.get("/readyz")
        assert (ready.status, ready.json()["authenticators"]) == (503, ["corp"])
        assert service.get("/pandium-sso", "X-Token: a.b.c").status == 401
        unavailable = service.get("/pandium-sso", f"X-Token: {FORGED}")
        assert (unavailable.status, unavailable["Retry-After"]) == (503, "5")

        with key_server(port):
            assert is_ready_in_time(service)
            assert service.get("/pandium-sso", f"X-Token: {FORGED}").status == 401

        assert service.get("/readyz").status == 200
        assert FORGED[:60] not in service.output
