"""What is wrong with secrets that are each fine on their own."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from app.settings.problems import Problem
from app.tokens.public_keys import fingerprints
from app.tokens.secret_encoding import possible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXAMPLE_SECRET: Final = "an-example-secret-that-is-for-trying-out-only"
"""What `config/example.env` signs with. Anyone can know it, so it works on loopback only."""


def shared_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find secrets, by their variables, that serve twice, however each is written.

    Private keys are compared as keys: the same one has many spellings (PKCS 1, PKCS 8, SEC 1).
    """
    meanings = {name: _meanings(secret) for name, secret in secrets.items()}
    for name, other in combinations(sorted(secrets), 2):
        if meanings[name] & meanings[other]:
            yield Problem(other, f"is the same secret as {name}; set a different one")


def _meanings(secret: str) -> set[bytes]:
    written = possible_bytes(secret)
    return written.union(*(fingerprints(text) for text in written))


def example_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find variables that are set to the secret of the example."""
    for name, secret in secrets.items():
        if secret == EXAMPLE_SECRET:
            wrong = (
                "is the secret of config/example.env, which works on loopback only; set your own"
            )
            yield Problem(name, wrong)
