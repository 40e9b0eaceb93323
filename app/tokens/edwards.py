"""Points of the curve edwards25519 (RFC 8032, section 5.1) that are no public keys."""

from __future__ import annotations

from typing import Final

_P: Final = 2**255 - 19
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SMALL_ORDER: Final = frozenset(
    {
        0,
        1,
        _P - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)
"""The `y` of the eight points that become the neutral one if added up eight times. With one of them
as the key, a signature can be made without any private key."""


def is_sound_point(key: bytes) -> bool:
    """Tell whether 32 bytes are a point of the curve, in its one encoding, and of large order."""
    y = int.from_bytes(key, "little") & ((1 << 255) - 1)
    if y >= _P or y in _SMALL_ORDER:
        return False
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return pow(x_squared, (_P - 1) // 2, _P) == 1  # Euler: it has a square root
