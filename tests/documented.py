"""The commands of the documents, and why some of them are not run by a test."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "config").rglob("*.md")]
)
_BLOCK = re.compile(r"^ *```(sh|console)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*=")

RUN = {
    "README.md": (
        "make demo",
        "pipx install .",
        "uv tool install .",
        "python3 -m venv .venv",
        "pip install --require-hashes",
        "set -a; . config/example.env",
        "marketplace-sso serve",
        "curl -si http://127.0.0.1:8000",
        "marketplace-sso mint pandium",
        "export SSO_",
        "export PANDIUM_ACCOUNT",
        "marketplace-sso check && marketplace-sso serve",
    ),
    "docs/destinations.md": ("export SSO_DESTINATIONS_FILE", "marketplace-sso "),
    "docs/examples/authenticator/README.md": ("pip install", "export SSO_", "marketplace-sso "),
}
"""The beginnings of what tests/packaging/test_documented_commands.py runs as it is printed."""

NOT_RUN = {
    "docker ": "there is no Docker engine; tests/packaging/test_image.py starts the image without",
    "config/compose/make-secrets": "as docker; tests/packaging/test_compose.py runs the script",
    "sudo ": "systemd has to be the first process; tests/packaging/test_systemd.py checks the unit",
    "kubectl ": "there is no cluster; tests/packaging/test_kubernetes.py checks the objects",
    "helm ": "there is no cluster; tests/packaging/test_helm.py renders the chart",
    "aws ": "it takes an account; tests/test_cloud_pages.py loads the page's variables",
    "az ": "it takes an account; tests/test_cloud_pages.py loads the page's variables",
    "gcloud ": "it takes an account; tests/test_cloud_pages.py loads the page's variables",
    "curl -si http://sso.internal": "tests/test_login_pages.py asks the same of the application",
    "curl -si https://app.acme.example": "tests/test_login_pages.py asks the same",
}
"""The beginnings of commands that no test runs as they are printed, and what holds them instead."""

HELD_ELSEWHERE = {
    "docs/examples/django-host/README.md": "tests/logins/test_django.py starts the project",
    "docs/examples/express-host/README.md": "tests/logins/test_express.py starts the application",
}
"""Documents none of whose commands are run as they are printed, and what holds them instead."""


class Command(NamedTuple):
    """A command as it is printed, and the document that has it."""

    document: str
    line: str

    def is_run(self) -> bool:
        return self.line.startswith(RUN.get(self.document, ()))

    def reasons(self) -> list[str]:
        """Return why no test runs it."""
        held = [why for beginning, why in NOT_RUN.items() if self.line.startswith(beginning)]
        return held + [why for name, why in HELD_ELSEWHERE.items() if self.document == name]


def blocks(document: str) -> list[list[str]]:
    """Return the blocks of commands of a document: what one types, without what is printed."""
    text = (ROOT / document).read_text(encoding="utf-8")
    return [found for match in _BLOCK.finditer(text) if (found := _typed(match[1], match[2]))]


def commands() -> list[Command]:
    """Return every command of every document."""
    names = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
    return [Command(name, line) for name in names for block in blocks(name) for line in block]


def _typed(language: str, block: str) -> list[str]:
    lines = [line.strip() for line in block.replace("\\\n", " ").splitlines()]
    if language == "console":
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    return [line for line in lines if line and not line.startswith("#") and not _is_setting(line)]


def _is_setting(line: str) -> bool:
    """Tell a line of variables, which is a configuration and no command."""
    return _VARIABLE.match(line) is not None
