"""docs/logins, held against the service: each login's section is tried."""

import re
import secrets
import shlex
from pathlib import Path

import pytest

from app.authenticators.presets import BUILT_IN
from tests.in_process import MakeClient
from tests.samples import PANDIUM

FOLDER = Path(__file__).parent.parent / "docs" / "logins"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
SECTIONS = [
    found
    for text in PAGES.values()
    for found in re.findall(
        r"^## `([a-z0-9-]+)`\n(.*?)```sh\n(.*?)```\n\n```sh\n(curl .*?) # 401\n```",
        text,
        re.MULTILINE | re.DOTALL,
    )
]
"""Each login: its name, what it is, what to set on our side, and the command that is refused."""


def test_every_login_has_its_settings_and_a_command_that_is_refused() -> None:
    assert sorted(name for name, *_ in SECTIONS) == sorted(BUILT_IN)


def test_the_first_page_leads_to_every_login() -> None:
    assert {
        (page, name)
        for page, text in PAGES.items()
        for name in re.findall(r"^## `(.*)`$", text, re.MULTILINE)
    } == set(re.findall(r"\]\(([a-z-]+\.md)#([a-z0-9-]+)\)", table_of_logins()))


def table_of_logins() -> str:
    (table,) = re.findall(r"^## Which one\n(.*?)^## ", PAGES["README.md"], re.MULTILINE | re.DOTALL)
    return str(table)


def filled_in(text: str) -> str:
    """Put a secret where the page says what to replace: the service refuses what is printed."""
    return re.sub("replace-with-[a-z0-9-]+", secrets.token_urlsafe(48), text)


@pytest.mark.parametrize(("name", "words", "ours", "curl"), SECTIONS, ids=[s[0] for s in SECTIONS])
def test_the_settings_hold_and_the_command_is_refused(
    client: MakeClient, name: str, words: str, ours: str, curl: str
) -> None:
    variables = dict(line.split("=", 1) for line in filled_in(ours).splitlines())
    command = shlex.split(curl)
    headers = dict(
        command[place + 1].split(": ", 1) for place, word in enumerate(command) if word == "-H"
    )
    stranger = {"remote_addr": "203.0.113.9", "headers": {**headers, "Accept": "application/json"}}
    if BUILT_IN[name].engine == "introspection.engine":  # a test has no host to ask
        variables |= {f"AUTH_{name.upper().replace('-', '_')}_TIMEOUT_SECONDS": "0.001"}

    answer = client(PANDIUM, variables).simulate_get("/pandium-sso", **stranger)

    assert words.strip()
    assert variables["SSO_AUTHENTICATORS"] == name
    assert answer.status_code in ({401, 503} if "made-up" in curl else {401})
