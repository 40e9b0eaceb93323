"""What came of trying something outside, for whoever sets the service up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried: what, what was found, and what to do where that is wrong.

    No words of it quote a secret, or what the other side sent.
    """

    what: str
    found: str
    remedy: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done."""
        return self.remedy is None
