"""The pages of the host application that show the marketplace."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """A page: its path, its name, and the address of the service that its frame shows.

    `root` is the vendor's, where it is more than the first segment of that address.
    """

    path: str
    name: str
    framed: str
    root: str = ""

    @property
    def script(self) -> str:
        """The address of the element's script, at the vendor's root."""
        return (self.root or "/" + re.split("[/?]", self.framed)[1]) + "/embed.js"


VIEWS = (
    View("/", "Marketplace", "/pandium-sso"),
    View("/settings", "One integration", "/pandium-sso?integration_id=1121&display=settings"),
    View("/install", "Install only (Greenhouse → HubSpot)", "/pandium-sso/install/1121"),
    View("/apifuse", "APIFuse", "/apifuse-sso"),
    View("/apifuse/listing", "APIFuse listing", "/apifuse-sso/listing/hubspot"),
)
