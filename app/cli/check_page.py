"""What `check` prints of a configuration: what will be served, to whom, and on whose word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.destinations.destination import Destination
    from app.main import Configuration

_WITHOUT: Final = {
    "public address": "none: no login is offered, and nobody comes back from one",
    "login": "none: visitors without a session get a 401",
    "frames of": "pages on the service's own origin only",
}
"""What it means that something is not set."""


def page(config: Configuration) -> Iterable[str]:
    """Return the lines of the page: a label of 15 characters, and what it is."""
    yield f"{'authenticators':<15} {', '.join(config.authenticators)}"
    for name, each in config.authenticators.items():
        believed = getattr(each, "believes", "what its own code decides")
        yield f"{'':<15} {name} believes {believed}"
    for destination in config.destinations:
        yield f"{'destination':<15} {destination.route} -> {destination.address}"
        yield f"{'':<15} {_signed(destination)}"
    for label, value in service_facts(config).items():
        told = ", ".join(value) if isinstance(value, list) else value
        yield f"{label:<15} {told or _WITHOUT[label]}"


def service_facts(config: Configuration) -> dict[str, Any]:
    """Return where the service is, where users sign in and come back, and whose frames may ask."""
    service = config.service
    login = service.login_url or ""
    returned = f"{service.public_url}{config.destinations[0].root}"
    back = f" (comes back in {service.login_return_parameter}, like {returned})"
    return {
        "listens on": service.bind,
        "public address": service.public_url or "",
        "login": f"{login}{back}" if login else "",
        "frames of": list(service.host_origins),
    }


def service_advice(config: Configuration) -> list[str]:
    """Return what is legal in the service's own variables and likely wrong."""
    endless = sorted(
        {
            each.name
            for each in config.destinations
            if each.claims.lifetime_seconds is None and each.exchange is None
        }
    )
    found = [
        f"destination {name}: its tokens never end; set a lifetime if the vendor reads exp"
        for name in endless
    ]
    path = urlsplit(config.service.public_url or "").path
    if path:
        back = f"{config.service.public_url}{config.destinations[0].root}"
        wrong = "leave the path out unless a proxy takes it away"
        found.append(f"SSO_PUBLIC_URL has the path {path}: users come back to {back}; {wrong}")
    if config.service.public_url and not config.service.login_url:
        found.append("SSO_PUBLIC_URL is set without SSO_LOGIN_URL: nobody is sent to a login")
    return found


def _signed(destination: Destination) -> str:
    lifetime = destination.claims.lifetime_seconds
    ends = "no end" if lifetime is None else f"ends after {lifetime} s"
    if destination.exchange is not None:
        what = "an address" if destination.exchange.origins else "a token"
        how = f"{what} from the vendor's API"
    else:
        how = f"a token signed {destination.key.algorithm}, {ends}"
    groups = [f"{setting} of {', '.join(sorted(of))}" for setting, of in destination.access.lists]
    who = f"; only {' and '.join(groups)}" if groups else ""
    return f"{destination.name}, {destination.page}: {how}, by {destination.target.delivery}{who}"
