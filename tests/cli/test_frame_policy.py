"""Which pages may be framed, by their policies as browsers read them."""

import pytest

from app.authenticators.http_client import Answer
from app.cli.frame_policy import refusing

HOST = "https://app.acme.example"
PAGE = "https://imp.pandium.io/acme"


@pytest.mark.parametrize(
    ("policies", "refused"),
    [
        ({}, False),
        ({"content-security-policy": "default-src 'self'"}, False),
        ({"content-security-policy": "frame-ancestors 'none'"}, True),
        ({"content-security-policy": "frame-ancestors"}, True),
        ({"content-security-policy": "frame-ancestors 'self'"}, True),
        ({"content-security-policy": "frame-ancestors *"}, False),
        ({"content-security-policy": "frame-ancestors https:"}, False),
        ({"content-security-policy": "frame-ancestors http:"}, False),
        ({"content-security-policy": "frame-ancestors wss:"}, True),
        ({"content-security-policy": f"FRAME-ANCESTORS  'self'  {HOST.upper()}"}, False),
        ({"content-security-policy": "frame-ancestors app.acme.example"}, False),
        ({"content-security-policy": "frame-ancestors *.acme.example"}, False),
        ({"content-security-policy": "frame-ancestors https://*.acme.example:*"}, False),
        ({"content-security-policy": "frame-ancestors https://app.acme.example:443/"}, False),
        ({"content-security-policy": "frame-ancestors https://app.acme.example:8443"}, True),
        ({"content-security-policy": "frame-ancestors acme.example"}, True),
        ({"content-security-policy": "frame-ancestors *.app.acme.example"}, True),
        ({"content-security-policy": "frame-ancestors 'nonsense"}, True),
        ({"content-security-policy": "frame-ancestors *; frame-ancestors 'none'"}, False),
        ({"content-security-policy": "frame-ancestors *, frame-ancestors 'none'"}, True),
        ({"content-security-policy": f"img-src *; frame-ancestors x.example {HOST}"}, False),
        ({"x-frame-options": "DENY"}, True),
        ({"x-frame-options": "sameorigin"}, True),
        ({"x-frame-options": f"ALLOW-FROM {HOST}"}, False),
        ({"x-frame-options": "DENY", "content-security-policy": "frame-ancestors *"}, False),
        ({"content-security-policy-report-only": "frame-ancestors 'none'"}, False),
    ],
)
def test_a_frame_policy_is_read_as_browsers_read_it(
    policies: dict[str, str], refused: bool
) -> None:
    headers = tuple((name.encode(), value.encode()) for name, value in policies.items())

    policy = refusing(Answer(200, headers, b""), PAGE, HOST)

    assert bool(policy) == refused
    assert not policy or policy.split(": ")[0].lower() in policies


@pytest.mark.parametrize("policy", ["frame-ancestors 'self'", "frame-ancestors [::1]:8000"])
def test_a_page_may_be_framed_by_its_own_origin(policy: str) -> None:
    page = "http://[::1]:8000/x" if "[" in policy else PAGE
    answer = Answer(200, ((b"content-security-policy", policy.encode()),), b"")

    assert refusing(answer, page, page.rpartition("/")[0]) == ""
