"""A provider of the certified package oidc-provider, started as a process of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.system.proxies import running
from tests.system.service import free_port

from .code_flow import Application
from .products import PRODUCTS
from .visitor import Seen, Visitor

SECRET: Final = "provider-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG"
PROGRAM: Final = Path(__file__).with_name("provider.mjs")


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
    return Application(issuer, client, more={"resource": resource})


@contextlib.contextmanager
def serving_provider(folder: Path) -> Iterator[str]:
    """Run it for the length of a block, and return its issuer."""
    port = free_port()
    (folder / PROGRAM.name).write_text(PROGRAM.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "node_modules").symlink_to(PRODUCTS["oidc-provider"].folder / "node_modules")
    command = ["node", str(folder / PROGRAM.name), str(port)]
    with running(command, port, folder / "provider.log", {"CLIENT_SECRET": SECRET}, 20):
        yield f"http://127.0.0.1:{port}"
