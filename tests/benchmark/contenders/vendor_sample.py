"""What a vendor's documentation shows, behind a proxy's header: a few lines, no checks, no log."""

import os
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import jwt

SECRET = os.environ["PANDIUM_SHARED_SECRET"]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    email = environ["HTTP_X_FORWARDED_EMAIL"]
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "sub": email}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    location = f"https://imp.pandium.io/acme?tenant={token}"
    start_response("307 Temporary Redirect", [("Location", location), ("Content-Length", "0")])
    return [b""]
