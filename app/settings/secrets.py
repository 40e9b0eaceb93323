"""What is wrong with secrets that are each fine on their own."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from app.settings.problems import Problem
from app.tokens.secret_encoding import possible_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

EXAMPLE_SECRET: Final = "an-example-secret-that-is-for-trying-out-only"
"""What `config/example.env` signs with. Anyone can know it, so it works on loopback only."""


def shared_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find secrets, by their variables, that serve twice, however each is written."""
    for name, other in combinations(sorted(secrets), 2):
        if possible_bytes(secrets[name]) & possible_bytes(secrets[other]):
            yield Problem(other, f"is the same secret as {name}; set a different one")


def example_secrets(secrets: Mapping[str, str]) -> Iterable[Problem]:
    """Find variables that are set to the secret of the example."""
    for name, secret in secrets.items():
        if secret == EXAMPLE_SECRET:
            wrong = (
                "is the secret of config/example.env, which works on loopback only; set your own"
            )
            yield Problem(name, wrong)
