"""The same in Flask."""

import os
import time
import uuid

import jwt
from flask import Flask, Response, redirect, request

SECRET = os.environ["PANDIUM_SHARED_SECRET"]
application = Flask(__name__)


@application.get("/pandium-sso")
def sign_on() -> Response:
    email = request.headers["X-Forwarded-Email"]
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "sub": email}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    return redirect(f"https://imp.pandium.io/acme?tenant={token}", code=307)  # type: ignore[return-value] # werkzeug's own class
