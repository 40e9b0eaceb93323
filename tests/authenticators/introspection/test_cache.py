"""No clock that is set, and none that stands still, keeps anybody signed on for longer."""

import pytest

from app.authenticators.introspection.cache import IdentityCache
from app.identity import Identity

ADA = Identity(subject="u-17")


@pytest.mark.requirement("R27")
@pytest.mark.parametrize(
    ("wall_seconds", "awake_seconds", "kept"),
    [
        (0, 0, True),
        (59, 59, True),
        (60, 60, False),
        (20, 59, True),  # set back by less than what has passed
        (0, 60, False),  # the same, and as often as it may be
        (-1, 1, False),
        (3600, 1, False),  # a machine that slept for an hour
    ],
)
def test_an_answer_is_kept_for_as_long_as_each_clock_says(
    wall_seconds: float, awake_seconds: float, kept: bool
) -> None:
    wall, awake = [1_800_000_000.0], [5.0]
    cache = IdentityCache(seconds=60, size=1, now=lambda: wall[0], clock=lambda: awake[0])
    cache.put(b"key", ADA)

    wall[0] += wall_seconds
    awake[0] += awake_seconds

    assert (cache.get(b"key") is ADA) == kept
