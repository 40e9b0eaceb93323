"""The pages of the host application that show the marketplace."""

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """A page: its path, its name, and the address of the service that its frame shows."""

    path: str
    name: str
    framed: str


VIEWS = (
    View("/", "Marketplace", "/pandium-sso"),
    View("/settings", "One integration", "/pandium-sso?integration_id=1121&display=settings"),
    View("/install", "Install only (Greenhouse → HubSpot)", "/pandium-sso/install/1121"),
    View("/apifuse", "APIFuse", "/apifuse-sso"),
    View("/apifuse/listing", "APIFuse listing", "/apifuse-sso/listing/hubspot"),
)
