import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from aiohttp import web

from app.demo import loopback
from app.demo.loopback import free_port, listen, listening, port_of, serving


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(listen(0)) as listener:
        yield port_of(listener)


def test_a_port_that_is_free_is_taken_as_wished() -> None:
    wished = free_port()

    with closing(listen(wished)) as listener:
        assert port_of(listener) == wished


def test_a_port_that_is_taken_is_replaced_by_a_free_one(taken: int) -> None:
    with closing(listen(taken)) as listener:
        assert port_of(listener) != taken


def test_a_port_that_another_program_keeps_without_answering_is_replaced() -> None:
    kept = socket.socket()
    kept.bind(("127.0.0.1", 0))
    with closing(kept), closing(listen(port_of(kept))) as listener:
        assert port_of(listener) != port_of(kept)


def test_a_port_where_browsers_would_find_another_program_first_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loopback, "IPV6_ADDRESS", "127.0.0.2")  # not every machine has IPv6
    other = socket.create_server(("127.0.0.2", 0))

    with closing(other), closing(listen(port_of(other))) as listener:
        assert port_of(listener) != port_of(other)


def test_nothing_listens_on_a_free_port() -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", free_port()))


def test_it_listens_on_this_machine_only(taken: int) -> None:
    """Whoever listens at all addresses answers at 127.0.0.2, too."""
    with closing(listen(taken)) as listener:
        for port in (taken, port_of(listener)):
            socket.create_connection(("127.0.0.1", port)).close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port))


async def test_nothing_listens_after_serving() -> None:
    listener = listen(0)
    port = port_of(listener)

    async with serving(web.Application(), listener):
        socket.create_connection(("127.0.0.1", port)).close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_listeners_are_let_go_of_where_nothing_was_served() -> None:
    with pytest.raises(TimeoutError), listening(0, 0) as listeners:
        raise TimeoutError

    assert [listener.fileno() for listener in listeners] == [-1, -1]
