"""The sign-in pages of the certified provider, and an application that asks it for tokens."""

from __future__ import annotations

from .code_flow import Application
from .visitor import Seen, Visitor


def sign_in(visitor: Visitor, page: Seen, name: str = "zoe") -> Seen:
    """Fill in the sign-in page, agree on the next one, and be led back."""
    seen = visitor.follow(page)
    while seen.status == 200:
        form = seen.form
        if form["prompt"] == "login":
            form |= {"login": name, "password": "any"}
        seen = visitor.follow(visitor.post(seen.action, form), until="http://127.0.0.1:9/")
    return seen


def application(issuer: str, resource: str, client: str = "app") -> Application:
    """Return a client that asks for access tokens for a resource."""
    return Application(issuer, client, more={"resource": resource})
