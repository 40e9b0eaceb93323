"""The keys of one issuer, and which of them may have signed a token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from app.errors import Cause, shown
from app.tokens.jws import InvalidToken

MAX_TRIED: Final = 4
"""Keys of one name (RFC 7517, section 4.5) that a signature is tried with."""

MAX_TOLD: Final = 20
"""Reasons why keys are left out that are kept: a set may have a hundred keys."""


class UnknownKey(InvalidToken):
    """A token names a key that is not in the set; a newer set may have it."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with the algorithms that its kind, curve and `alg` allow (RFC 8725, section 3.1).

    `fingerprint` tells whether two public keys are the same; a shared secret has none.
    """

    key_id: str | None
    algorithms: frozenset[str]
    key: Any = field(repr=False)
    fingerprint: bytes = field(default=b"", repr=False)


class KeySet:
    """The keys of one issuer, and why others of its document are not among them.

    `has_faults` tells whether any of those others is left out for more than being for encryption.
    If `named` is false, there is one key without a name, and the `kid` of a token is ignored.
    """

    def __init__(
        self,
        keys: Iterable[VerificationKey],
        *,
        named: bool = True,
        unusable: Iterable[str] = (),
        has_faults: bool = False,
    ) -> None:
        self.keys = tuple(keys)
        self.has_faults = has_faults
        self.unusable = tuple(unusable)[:MAX_TOLD]
        self._named = named
        # One key may be there under several names: github.com/gravitational/teleport/issues/44245
        self._different = len({key.fingerprint for key in self.keys})
        self._by_id: dict[str, list[VerificationKey]] = {}
        for key in self.keys:
            if key.key_id is not None:
                self._by_id.setdefault(key.key_id, []).append(key)

    def find(self, key_id: str | None, algorithm: str) -> tuple[VerificationKey, ...]:
        """Return the keys that may have signed a token: nearly always one, at most `MAX_TRIED`.

        Raises:
            UnknownKey: no key has that name.
            InvalidToken: no name, and there are several keys; or keys for other algorithms only.
        """
        if key_id is None or not self._named:
            if self._different != 1:
                raise InvalidToken(f"it does not name its key, and there are {self._different}")
            found: Iterable[VerificationKey] = self.keys
        elif key_id in self._by_id:
            found = self._by_id[key_id]
        else:
            there = shown(list(self._by_id)) if self._by_id else "keys without names"
            raise UnknownKey(
                f"its key is not in the set: {shown(key_id)}; there are {there}",
                cause=Cause.FORGED,
            )
        fitting = tuple(key for key in found if algorithm in key.algorithms)[:MAX_TRIED]
        if not fitting:
            raise InvalidToken(f"its key is for another algorithm than {algorithm}")
        return fitting
