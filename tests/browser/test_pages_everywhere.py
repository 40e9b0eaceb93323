"""Our pages in a frame of every engine: for every kind of eyes, down to 320 pixels."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from .engines import Engine
from .form_page import form_page
from .neighbours import Neighbours

RUN_AXE = """
const done = arguments[arguments.length - 1];
const told = ({id, nodes}) => nodes.map(({html}) => `${id}: ${html}`);
axe.run(document, {iframes: false}).then(
  ({violations}) => done(violations.flatMap(told)),
  (error) => done([String(error)]));
"""
WIDE = "return document.documentElement.scrollWidth > innerWidth"


def addresses(around: Neighbours) -> dict[str, str]:
    """Return the pages, as the service answers them."""
    form = around.sites.put(f"{around.vendor}/form", form_page(around.vendor))
    return {
        "signed out": f"{around.service}/pandium-sso",
        "explanation": f"{around.service}/pandium-sso?sso_attempt={int(time.time())}",
        "not found": f"{around.service}/nothing",
        "form": form,
    }


@pytest.mark.requirement("R37", "R71")
def test_everybody_can_use_our_pages(
    around: Neighbours, engine: Engine, axe: str, tmp_path: Path
) -> None:
    around.begin()
    faults: list[tuple[str, int, Any]] = []
    with engine.running(tmp_path, "usual") as tab:
        for name, address in addresses(around).items():
            for width in (320, 1280):
                frame = f'<iframe src="{address}" style="width: {width}px; height: 40rem"></iframe>'
                tab.open(around.sites.put(f"{around.host}/page", frame))
                tab.until(lambda: len(tab.framed_text()) > 20, "shown the page")
                tab.to_frame(0)
                tab.run(axe)
                faults += [(name, width, fault) for fault in tab.run_async(RUN_AXE)]
                faults += [(name, width, "is scrolled sideways")] * tab.run(WIDE)

    assert faults == []
