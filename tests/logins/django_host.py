"""docs/examples/django-host as its README says, with accounts, and what the service is told."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.proxies import running
from tests.system.service import free_port

from .examples import EXAMPLES, documented

PASSWORD = "Kq2LxVb7-Zr4Qf0p"
ACCOUNTS = f"""
from django.contrib.auth.models import Group, User
for name, first, last in (("zoe", "Zoë", "Østergård 山田"), ("bob", "Bob", "Builder")):
    user = User.objects.create_user(name, name + "@acme.example", "{PASSWORD}")
    user.first_name, user.last_name = first, last
    user.save()
for name in ("Vertrieb München", "staff"):
    User.objects.get(username="zoe").groups.add(Group.objects.create(name=name))
"""


@dataclass(frozen=True)
class Host:
    """The example in a folder of its own, with its database; `names` are ALLOWED_HOSTS."""

    folder: Path
    names: str = "127.0.0.1"
    settings: str = "settings"
    port: int = field(default_factory=free_port)
    sso_port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        """As browsers see it: a proxy ends TLS."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def sso(self) -> str:
        return f"https://127.0.0.1:{self.sso_port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": self.settings,
            "SECRET_KEY": "django-9Kq2LxVb7Zr4Qf0pSxkTnwHc8JdMeYuG",
            "ALLOWED_HOSTS": self.names,
            "DATABASE": f"{self.folder}/db.sqlite3",
            "MARKETPLACE_HOST": f"127.0.0.1:{self.sso_port}",
        }

    def django(self, *words: str) -> list[str]:
        return [sys.executable, "-W", "ignore", "-m", "django", *words]

    def run(self, *words: str) -> None:
        """Run a command of Django's in the host's folder."""
        subprocess.run(  # noqa: S603 - our own interpreter
            self.django(*words),
            cwd=self.folder,
            env={"PATH": os.defpath, "PYTHONPATH": str(self.folder), **self.environment},
            check=True,
            capture_output=True,
        )

    def serving(self) -> contextlib.AbstractContextManager[None]:
        server = self.django("runserver", "--noreload", f"127.0.0.1:{self.port}")
        environment = {**self.environment, "PYTHONPATH": str(self.folder)}
        return running(server, self.port, self.folder / "django.log", environment)

    def variables(self) -> dict[str, str]:
        """What the README says to set."""
        addresses = {
            "http://127.0.0.1:8080": f"http://127.0.0.1:{self.port}",
            "https://app.acme.example/login/": f"{self.origin}/login/",
            "https://app.acme.example": self.sso,
        }
        bind = {"SSO_BIND": f"127.0.0.1:{self.sso_port}"}
        return documented("django-host", addresses) | bind


def made(folder: Path) -> Host:
    """Copy the example and make its database, with two accounts."""
    shutil.copytree(EXAMPLES / "django-host", folder)
    # What must not be forgotten: without it, every question is led to https.
    (folder / "forgetful.py").write_text("from settings import *\nSECURE_REDIRECT_EXEMPT = []\n")
    host = Host(folder)
    host.run("migrate")
    host.run("shell", "-c", ACCOUNTS)
    return host
