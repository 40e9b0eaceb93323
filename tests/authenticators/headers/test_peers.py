import pytest

from app.authenticators.headers.peers import peer_address
from app.settings.networks import Peers, plain_address
from app.testing import make_request


@pytest.mark.requirement("R21", "R23")
@pytest.mark.parametrize("peer", ["10.0.3.7", "2001:db8::7", None])
def test_the_peer_is_that_of_the_connection_whatever_headers_say(peer: str | None) -> None:
    headers = [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")]

    assert peer_address(make_request(headers, peer=peer)) == peer


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("names", "peer", "known"),
    [
        (["10.0.3.0/24"], "10.0.3.7", True),
        (["10.0.3.0/24"], "::ffff:10.0.3.7", True),
        (["10.0.3.0/24"], "10.0.4.7", False),
        (["10.0.3.0/24"], "2001:db8::7", False),
        (["10.0.3.7"], "10.0.3.7", True),
        (["2001:db8::/64"], "2001:db8::7", True),
        (["2001:db8::/64", "10.0.3.0/24"], "10.0.3.7", True),
        (["unix"], None, True),
        (["unix"], "10.0.3.7", False),
        (["10.0.3.0/24"], None, False),
        ([], "127.0.0.1", False),
        ([], None, False),
    ],
)
def test_a_peer_is_known_by_its_network_or_as_one_of_a_unix_socket(
    names: list[str], peer: str | None, known: bool
) -> None:
    assert (peer in Peers(names)) == known


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("name", ["", "*", "proxy", "10.0.3.7/8", "1.2.3", "10.0.0.0/33", "Unix"])
def test_what_is_not_a_network_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a network"):
        Peers(["10.0.3.0/24", name])


@pytest.mark.requirement("R20")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("10.0.3.7/24", "write 10.0.3.0/24 or 10.0.3.7/32"),
        ("fd00::7/64", "write fd00::/64 or fd00::7/128"),
        ("0.0.0.0", "nobody connects from"),
        ("::/128", "nobody connects from"),
    ],
)
def test_what_looks_like_a_network_is_told_how_to_become_one(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Peers([name])


@pytest.mark.requirement("R20", "R60")
@pytest.mark.parametrize(
    ("names", "too_many"),
    [
        (["0.0.0.0/0"], True),
        (["::/0", "10.0.3.0/24"], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["0.0.0.0/1"], True),
        (["10.0.0.0/7"], True),
        (["10.0.0.0/8"], False),
        (["10.0.0.0/8", "10.1.0.0/16"], False),
        (["10.0.0.0/8", "192.168.0.1"], True),
        (["10.0.0.0/9", "192.0.0.0/9"], False),
        ([f"{n}.0.0.0/16" for n in range(1, 256)], False),
        ([f"{n}.{m}.0.0/16" for n in (1, 2) for m in range(200)], True),
        (["::ffff:0:0/96"], True),
        (["::ffff:10.0.0.0/104"], False),
        (["::ffff:10.0.0.0/103"], True),
        (["::/64"], True),
        (["2000::/15"], True),
        (["2001::/16"], False),
        (["2001::/16", "2a00::/64"], True),
        (["fc00::/7"], False),
        (["fc00::/7", "2001::/16"], False),
        (["fc00::/6"], True),
        (["fd00::/8", "fc00::/8"], False),
        (["unix", "10.0.3.7"], False),
        ([], False),
    ],
)
def test_networks_that_are_nobodys_own_are_recognised(names: list[str], too_many: bool) -> None:
    assert Peers(names).are_too_many() == too_many


@pytest.mark.requirement("R60")
@pytest.mark.parametrize("name", ["::ffff:10.0.3.7", "::ffff:a00:307", "::ffff:10.0.3.0/120"])
@pytest.mark.parametrize("peer", ["10.0.3.7", "::ffff:10.0.3.7", "::ffff:a00:307"])
def test_a_mapped_address_is_the_one_that_it_maps(name: str, peer: str) -> None:
    assert peer in Peers([name])
    assert "10.0.4.7" not in Peers([name])
    assert plain_address(peer) == "10.0.3.7"


def test_what_is_no_address_is_no_peer() -> None:
    assert "testclient" not in Peers(["10.0.0.0/8", "unix"])
    assert plain_address("testclient") == "testclient"
    assert plain_address("2001:db8::9") == "2001:db8::9"


@pytest.mark.requirement("R60")
def test_networks_of_the_internet_are_told() -> None:
    peers = Peers(["10.0.3.0/24", "8.8.8.0/24", "fd00::/8", "2600::/32", "unix", "100.64.0.0/10"])

    assert peers.public_networks() == ["2600::/32", "8.8.8.0/24"]
