"""The tables of docs/logins/tested.md, against the products and the tests."""

from __future__ import annotations

import pytest

from .products import LOGINS
from .record import HELD, THINGS, documented, documented_products, shown


def test_the_table_has_the_products_and_their_versions() -> None:
    assert documented_products() == [(each.name, each.version) for each in LOGINS.values()]


def test_the_table_says_what_the_tests_of_this_run_show(request: pytest.FixtureRequest) -> None:
    table = documented()

    for item in request.session.items:
        for login, thing in shown(item):
            assert table[login][thing] == HELD, (
                f"{item.nodeid}: run python -m tests.logins.record {item.path}"
            )


def test_the_table_says_nothing_else() -> None:
    for login, cells in documented().items():
        assert set(cells) == set(THINGS)
        assert HELD in cells.values(), login
