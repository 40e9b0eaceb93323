"""Where users sign in, and how they come back."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Login:
    """The host's login; users come back to an address under `public_url`."""

    url: str | None
    return_parameter: str
    public_url: str | None

    def members(self, path: str | None) -> dict[str, str]:
        """Return what scripts are told: the login's address, and its return parameter.

        The address leads back to `path`. A page that shows the marketplace replaces that by an
        address of its own, so that users come back to the page. Empty without a login.
        """
        if self.url is None:
            return {}
        return {"login_url": self._leading_to(path), "return_parameter": self.return_parameter}

    def _leading_to(self, path: str | None) -> str:
        url = self.url or ""
        if path is None:
            return url
        query = urlencode({self.return_parameter: f"{self.public_url}{path}"})
        return f"{url}{'&' if '?' in url else '?'}{query}"
