"""The same in FastAPI."""

import os
import time
import uuid

import jwt
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

SECRET = os.environ["PANDIUM_SHARED_SECRET"]
application = FastAPI()


@application.get("/pandium-sso")
async def sign_on(request: Request) -> RedirectResponse:
    email = request.headers["X-Forwarded-Email"]
    claims = {"iat": int(time.time()), "jti": str(uuid.uuid4()), "sub": email}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    return RedirectResponse(f"https://imp.pandium.io/acme?tenant={token}", status_code=307)
