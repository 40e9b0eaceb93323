import pytest

from app.telemetry.trace_context import trace_id
from tests.in_process import MakeClient
from tests.samples import ADA

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
VALID = f"00-{TRACE}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (VALID, TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-00", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-what-follows", TRACE),
        (f"{VALID}-what-follows", None),
        (f"cc-{TRACE}-00f067aa0ba902b7-01.what", None),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-{'x' * 300}", None),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (VALID.upper(), None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE[1:]}-00f067aa0ba902b7-01", None),
        (f" {VALID}", None),
        (f"{VALID}\n", None),
        ("", None),
        ('00-"}{"event":"sign_on"-00f067aa0ba902b7-01', None),
    ],
)
def test_only_a_valid_parent_names_a_trace(value: str, found: str | None) -> None:
    assert trace_id([(b"host", b"x"), (b"traceparent", value.encode())]) == found


def test_none_and_two_name_none() -> None:
    assert trace_id([]) is None
    assert trace_id([(b"traceparent", VALID.encode())] * 2) is None


@pytest.mark.parametrize(("headers", "there"), [({"traceparent": VALID}, True), ({}, False)])
def test_the_line_of_a_sign_on_has_the_trace(
    client: MakeClient, capsys: pytest.CaptureFixture[str], headers: dict[str, str], there: bool
) -> None:
    service = client()

    service.simulate_get("/pandium-sso", headers=ADA | headers)

    assert (TRACE in capsys.readouterr().out) is there
