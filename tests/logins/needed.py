"""The mark of tests that start real products: they are skipped where one is missing."""

from __future__ import annotations

import pytest

from .products import PRODUCTS


def needs(*names: str) -> pytest.MarkDecorator:
    """Return a mark that skips where one of these products is missing."""
    reasons = [reason for name in names if (reason := PRODUCTS[name].missing)]
    return pytest.mark.skipif(bool(reasons), reason="; ".join(reasons))
