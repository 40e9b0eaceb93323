import pytest

from app.authenticators.headers.peers import Peers, peer_address
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
    ("names", "everything"),
    [
        (["0.0.0.0/0"], True),
        (["::/0", "10.0.3.0/24"], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["0.0.0.0/1"], False),
        (["unix", "10.0.3.7"], False),
    ],
)
def test_networks_that_are_everything_together_are_recognised(
    names: list[str], everything: bool
) -> None:
    assert Peers(names).covers_everything() == everything
