"""Payloads of somebody who must not be signed on: the files in tests/data/logins/refused."""

import pytest

from tests.logins.arrivals import Login
from tests.logins.payloads import FOLDER, payloads

PAYLOADS = {payload.name: payload for payload in payloads(FOLDER / "refused")}


@pytest.mark.requirement("R70")
@pytest.mark.parametrize("name", PAYLOADS)
async def test_nobody_is_signed_on_who_is_no_user_of_the_host(login: Login, name: str) -> None:
    payload = PAYLOADS[name]

    assert await login.outcome(payload, payload.headers()) == payload.data["expected"]["code"]
