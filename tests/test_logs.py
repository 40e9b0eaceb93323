import io
import json
from collections.abc import Iterator

import pytest
import structlog

from app import logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    yield io.StringIO()
    structlog.reset_defaults()


def test_a_line_is_json_for_machines(out: io.StringIO) -> None:
    logs.configure("info", "json", out)

    structlog.get_logger().info("sign_on", page="x")

    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["page"]) == ("sign_on", "info", "x")
    assert line["time"].endswith("Z")


def test_a_line_is_in_columns_for_people(out: io.StringIO) -> None:
    logs.configure("info", "console", out)

    structlog.get_logger().info("sign_on", page="x")

    assert "sign_on" in out.getvalue()
    assert "page=x" in out.getvalue()
    assert "{" not in out.getvalue()


def test_what_is_below_the_level_is_not_written(out: io.StringIO) -> None:
    logs.configure("warning", "json", out)

    structlog.get_logger().info("sign_on")

    assert out.getvalue() == ""


@pytest.mark.requirement("R46")
@pytest.mark.parametrize("text", ["a\r\nb", "\x1b[31m", "\u202e", "\u2028", "x" * 8192])
def test_a_hostile_field_stays_one_line(out: io.StringIO, text: str) -> None:
    logs.configure("info", "json", out)

    structlog.get_logger().info("sign_on", page=text)

    assert out.getvalue().isascii()
    assert len(out.getvalue().splitlines()) == 1
    assert json.loads(out.getvalue())["page"] == text
