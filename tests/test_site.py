"""The documents as a site: built strictly, searchable, and with nothing that leads nowhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import site
from tests.documented import ROOT


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The gathered documents, beside a configuration that names them."""
    site.gather(tmp_path / "build" / "site-source")
    (tmp_path / "mkdocs.yml").write_text((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    return tmp_path / "build" / "site-source"


def built(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=source.parents[1],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_is_whole_and_can_be_searched_and_loads_nothing_from_elsewhere(
    source: Path,
) -> None:
    ended = built(source)

    assert ended.returncode == 0, ended.stderr
    folder = source.parents[1] / "site"
    index = json.loads((folder / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"] for entry in index["docs"] if "mod_auth_openidc" in entry["text"]}
    assert "docs/logins/trusted-headers.html#apache-oidc" in found
    assert (folder / "config" / "proxies" / "nginx.conf").is_file()
    loaded = re.findall(
        r"<(?:script|img|link rel=\"stylesheet\")[^>]*(?:src|href)=\"(https?:[^\"]*)",
        (folder / "index.html").read_text(encoding="utf-8"),
    )
    assert loaded == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("[x](no-such-page.md)", "no-such-page.md"),
        ("[x](errors.md#no-such-heading)", "no-such-heading"),
        ("[x](/docs/errors.md)", "absolute"),
    ],
)
def test_what_leads_nowhere_is_an_error(source: Path, fault: str, said: str) -> None:
    with (source / "docs" / "operations.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{fault}\n")

    ended = built(source)

    assert ended.returncode != 0
    assert said in ended.stderr


def test_a_page_that_nothing_lists_is_an_error(source: Path) -> None:
    (source / "docs" / "forgotten.md").write_text("# Forgotten\n", encoding="utf-8")

    ended = built(source)

    assert ended.returncode != 0
    assert "forgotten.md" in ended.stderr
