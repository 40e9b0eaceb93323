import pytest

from app.settings.addresses import checked, checked_origin, is_loopback, origin_of


@pytest.mark.parametrize(
    "address",
    [
        "https://imp.pandium.io/acme",
        "https://imp.pandium.io",
        "https://xn--mnchen-3ya.example/",
        "https://[2001:db8::1]:8443/x",
        "https://a.example:8443/?x=1",
        "http://localhost:8090/x",
        "http://127.0.0.1:8090",
        "http://[::1]/",
        "http://marketplace.localhost/",
    ],
)
def test_a_valid_address_is_unchanged(address: str) -> None:
    assert checked(address) == address


@pytest.mark.requirement("R29")
@pytest.mark.parametrize(
    "address",
    [
        "",
        "imp.pandium.io/acme",
        "//imp.pandium.io",
        "https:/imp.pandium.io",
        "https:imp.pandium.io",
        "https:///acme",
        "https://",
        "https://:443/",
        "HTTPS://imp.pandium.io",
        "http://imp.pandium.io/",
        "http://127.0.0.1.evil.example/",
        "http://localhost.evil.example/",
        "http://10.0.0.1/",
        "javascript://imp.pandium.io/%0aalert(1)",
        "ftp://imp.pandium.io/",
        "https://user@imp.pandium.io/",
        "https://user:pw@imp.pandium.io/",
        "https://imp.pandium.io\\@evil.example/",
        "https://imp.pandium.io\\.evil.example/",
        "https://imp pandium.io/",
        "https://imp.pandium.io/ x",
        "https://imp.pandium.io/\n",
        "https://imp.pandium.io/#x",
        "https://imp.pandium.io#",
        "https://imp.pandium.io:99999/",
        "https://imp.pandium.io:x/",
        "https://[::1/",
        "https://x[::1]/",
        "https://[::1]x/",
        "https://[::1]x:443/",
        "https://[::1];x",
        "https://[v1.x]/",
        "https://[imp.pandium.io]/",
        "https://[127.0.0.1]/",
        "https://[::1%25eth0]/",
        "http://x[::1]/",
        "http://[::1]x:80/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://imp..pandium.io/",
        "https://-imp.pandium.io/",
        "https://münchen.example/",
        "https://imp.pandium.io%2eevil.example/",
        "https://imp_pandium.io/",
        'https://imp.pandium.io/"x',
    ],
)
def test_an_address_that_two_parsers_could_read_differently_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) "):
        checked(address)


def test_plain_http_can_be_allowed() -> None:
    assert checked("http://hostapp.internal/me", http_allowed=True) == "http://hostapp.internal/me"


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://imp.pandium.io/acme?x=1", "https://imp.pandium.io"),
        ("https://a.example:443/", "https://a.example"),
        ("http://localhost:80/", "http://localhost"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_written_as_a_browser_does(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.requirement("R39")
@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "null",
        "https://*.acme.example",
        "https://app.acme.example/",
        "https://app.acme.example:443",
        "https://App.acme.example",
        "http://app.acme.example",
        "app.acme.example",
        "https://app.acme.example/x",
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match=r"is |has "):
        checked_origin(origin)


def test_an_exact_origin_is_unchanged() -> None:
    assert checked_origin("https://app.acme.example:8443") == "https://app.acme.example:8443"


@pytest.mark.parametrize(
    "host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]
)
def test_loopback_is_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "localhost.example", "", "1.1.1.1", "::ffff:10.0.0.1"]
)
def test_no_other_host_is_loopback(host: str) -> None:
    assert not is_loopback(host)
