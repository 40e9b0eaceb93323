"""Methods that the parser does not know."""

import pytest

from app.server.methods import with_known_method


@pytest.mark.parametrize(
    ("head", "taken"),
    [
        (b"BREW /pandium-sso HTTP/1.1\r\n", b"TRACE /pandium-sso HTTP/1.1\r\n"),
        (b"QUERY /livez HTTP/1.1\r\n", b"TRACE /livez HTTP/1.1\r\n"),
        (b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n"),
        (b"POST /BREW / HTTP/1.1\r\n", b"POST /BREW / HTTP/1.1\r\n"),
        (b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n"),
        (b"brew / HTTP/1.1\r\n", b"brew / HTTP/1.1\r\n"),
        (b"\x16\x03\x01\x02", b"\x16\x03\x01\x02"),
        (b"", b""),
    ],
)
def test_a_method_that_the_parser_lacks_becomes_one_that_the_service_lacks(
    head: bytes, taken: bytes
) -> None:
    assert with_known_method(head) == taken
