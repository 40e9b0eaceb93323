"""Make the picture of the demo for the README: `python tests/browser/picture.py <file>`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, expect

if __package__ is None or __package__ == "":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.chromium import running_chromium
from tests.browser.demo import running_demo

SIZE: ViewportSize = {"width": 1440, "height": 1000}


def make(target: Path) -> None:
    """Sign Ada in and take a picture of what she sees, without what is below it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        running_chromium() as browser,
    ):
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(demo.host)
        page.get_by_role("button", name="Ada").click()
        inside = page.frame_locator("marketplace-embed iframe")
        expect(inside.locator("#verdict")).to_contain_text("Signed in as Ada")
        expect(page.locator("#log li", has_text="sso-ready")).to_have_count(1)
        expect(page.locator("#steps .verdict")).to_have_count(1)
        page.screenshot(path=target)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
