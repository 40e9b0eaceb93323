"""The demo as it is started, with the real service in it."""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientSession
from yarl import URL

from app.demo.attacks import ATTEMPTS, FORGERIES
from app.demo.users import ADA

from .visitor import get, sign_in

DEMO = ("-m", "app", "demo", "--host-port", "0", "--marketplace-port", "0")


async def start(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, *DEMO, *arguments, stdout=PIPE, stderr=PIPE, env={"PATH": os.defpath}
    )


async def read_until(output: asyncio.StreamReader | None, words: str) -> str:
    assert output is not None
    return (await output.readuntil(words.encode())).decode()


@pytest.fixture
async def demo() -> AsyncIterator[Process]:
    process = await start()
    yield process
    if process.returncode is None:
        process.terminate()
    await process.communicate()


async def shell(line: str) -> str:
    process = await asyncio.create_subprocess_shell(line, stdout=PIPE)
    out, _ = await process.communicate()
    return out.decode()


async def test_once_signs_on_by_every_way_in_and_the_marketplace_has_no_objection() -> None:
    demo = await start("--once")
    out, err = (text.decode() for text in await demo.communicate())

    assert demo.returncode == 0, err
    assert out.count("  307  ") == 6
    assert out.count(": verified, Ada Lindqvist") == 4
    assert out.count(": verified, ada@acme.example") == 2
    assert re.search(r"Signed out:\n  302  http://localhost:\d+/pandium-sso\n", out)
    assert out.endswith("All is as it should be.\n")


async def test_the_printed_curl_line_shows_the_redirect_and_ctrl_c_ends_it_all(
    demo: Process,
) -> None:
    printed = await read_until(demo.stdout, "Ctrl-C ends the demo.")
    (line,) = re.findall(r"^  (curl .*)$", printed, re.MULTILINE)
    (marketplace,) = re.findall(r"^  marketplace +(\S+)$", printed, re.MULTILINE)

    answer = await shell(line)
    demo.send_signal(signal.SIGINT)
    status = await demo.wait()
    afterwards = await shell(line)

    assert answer.startswith("HTTP/1.1 307 ")
    assert re.search(rf"(?im)^Location: {marketplace}/pandium/acme\?tenant=eyJ", answer)
    assert status == 0
    assert afterwards == ""


async def test_signed_out_the_frame_gets_a_page_and_the_tab_a_way_to_the_login_and_back(
    demo: Process,
) -> None:
    printed = await read_until(demo.stdout, "Ctrl-C ends the demo.")
    (host,) = re.findall(r"^  host application +(\S+)$", printed, re.MULTILINE)
    page = f"{host}/pandium-sso/install/1121"
    navigate = "-H 'Accept: text/html' -H 'Sec-Fetch-Mode: navigate'"

    in_a_frame = await shell(f"curl -si {page} {navigate} -H 'Sec-Fetch-Dest: iframe'")
    in_a_tab = await shell(f"curl -si {page} {navigate} -H 'Sec-Fetch-Dest: document'")

    assert in_a_frame.startswith("HTTP/1.1 401 ")
    assert f'href="{host}/login' in in_a_frame
    assert in_a_tab.startswith("HTTP/1.1 302 ")
    assert re.search(rf"(?im)^Location: {host}/login\?rd=", in_a_tab)


async def test_every_way_in_fails_at_the_real_service(demo: Process, http: ClientSession) -> None:
    printed = await read_until(demo.stdout, "Ctrl-C ends the demo.")
    (host,) = re.findall(r"^  host application +(\S+)$", printed, re.MULTILINE)

    _, text = await get(http, f"{host}/attacks", await sign_in(http, host))

    assert text.count(">Failed<") == len(ATTEMPTS) + len(FORGERIES)
    assert "All of them failed." in text
    for code in ("no_session", "invalid_session", "foreign_request", "method_not_allowed"):
        assert f"code: {code}" in text


async def test_the_token_of_the_auth_dialog_stands_in_the_install_page_only(
    demo: Process, http: ClientSession
) -> None:
    printed = await read_until(demo.stdout, "Ctrl-C ends the demo.")
    (host,) = re.findall(r"^  host application +(\S+)$", printed, re.MULTILINE)
    session = await sign_in(http, host)

    shown = {}
    for path in ("/pandium-sso", "/pandium-sso/install/1121", "/apifuse-sso"):
        answer, _ = await get(http, host + path, session, Accept="text/html")
        shown[path] = (await get(http, answer.headers["Location"]))[1]

    assert [path for path, text in shown.items() if ADA.api_token in text] == [
        "/pandium-sso/install/1121"
    ]


@pytest.fixture
async def rows() -> AsyncIterator[Process]:
    process = await start("--destinations", "config/destinations.example.toml")
    yield process
    process.terminate()
    await process.communicate()


async def test_every_kind_of_row_leads_to_a_verified_token(
    rows: Process, http: ClientSession
) -> None:
    printed = await read_until(rows.stdout, "Ctrl-C ends the demo.")
    (host,) = re.findall(r"^  host application +(\S+)$", printed, re.MULTILINE)
    (marketplace,) = re.findall(r"^  marketplace +(\S+)$", printed, re.MULTILINE)
    session = await sign_in(http, host)

    _, page = await get(http, f"{host}/rows/zendesk/0", session)
    assert 'src="/zendesk-sso/embed.js"' in page
    assert '<a href="/rows/workato/0" aria-current="false">workato main</a>' in page

    for path in ("acme-sso", "workato-sso", "cobrowse-sso", "nolt-sso", "metabase-sso/dashboard"):
        answer, _ = await get(http, f"{host}/{path}", session)
        assert answer.headers["Location"].startswith(f"{marketplace}/rows/"), path
        assert "The signature holds." in (await get(http, answer.headers["Location"]))[1], path

    _, form = await get(http, f"{host}/zendesk-sso", session, Accept="text/html")
    (action,) = re.findall(r'action="([^"]+)"', form)
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]+)"', form))
    assert action.startswith(f"{marketplace}/rows/zendesk/")
    async with http.post(unescape(action), data=fields) as posted:
        assert "The signature holds." in await posted.text()

    answer, _ = await get(http, f"{host}/mintlify-sso", session)
    address = URL(answer.headers["Location"], encoded=True)
    async with http.post(address.with_fragment(None), data={"fragment": address.fragment}) as shown:
        assert "The signature holds." in await shown.text()


async def test_a_row_that_does_not_hold_ends_the_demo_and_its_problem_is_shown(
    tmp_path: Path,
) -> None:
    file = tmp_path / "rows.toml"
    file.write_text("[acme]\naddress = 'http://market.example.com'\nparameter = 'jwt'\n")

    demo = await start("--destinations", str(file))
    _, err = await demo.communicate()

    assert demo.returncode == 2
    assert "rows.toml [acme] address is plain http" in err.decode()
