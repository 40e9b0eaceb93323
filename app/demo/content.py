"""What the marketplace's pages are there for: a catalogue, an integration, an auth dialog."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from app.demo.rendering import Markup, fill, joined
from app.demo.verification import MISSING, find

INTEGRATIONS: Final = (
    ("1121", "Greenhouse → HubSpot", "New candidates become contacts.", "Connected"),
    ("1122", "Slack", "A message for each new application.", "Connected"),
    ("1123", "Google Calendar", "Interviews stand in your calendar.", "Available"),
    ("1124", "BambooHR", "Who is hired becomes an employee.", "Available"),
)
"""Id, name, what it does, and its state; all of it made up."""
_SETTINGS: Final = (
    ("Sync", "every 15 minutes"),
    ("Direction", "Greenhouse to HubSpot"),
    ("When a contact is there already", "update it"),
)

Content = Callable[[Mapping[str, str], Mapping[str, Any]], Markup]
"""Make the content of a page from the parameters of its address and the claims that came."""


def heading(title: str, parameters: Mapping[str, str]) -> str:
    """Return the heading of a page: the one integration's name, where the address names one."""
    names = {id_: name for id_, name, *_ in INTEGRATIONS}
    return names.get(parameters.get("integration_id", ""), title)


def catalogue(parameters: Mapping[str, str], _claims: Mapping[str, Any]) -> Markup:
    """Return all integrations, or the one that the address names."""
    if "integration_id" in parameters:
        return _integration(parameters)
    return fill("catalogue.html", tiles=joined(_tile(*each[1:]) for each in INTEGRATIONS))


def listing(parameters: Mapping[str, str], _claims: Mapping[str, Any]) -> Markup:
    """Return the listing that the path names."""
    name = parameters.get("listing_id", "")
    return fill("listing.html", name=name.title(), id=name)


def auth_dialog(parameters: Mapping[str, str], claims: Mapping[str, Any]) -> Markup:
    """Return the dialog that connects one integration, with the token for it where one came."""
    token = find(claims, "ti.xti.token")
    came = token is not MISSING
    words = (
        "It came as ti.xti.token in this page's token, and stands there only: no other page of the "
        "marketplace gets it. Your users type nothing."
        if came
        else "None came, so your user has to type one."
    )
    return fill(
        "auth_dialog.html",
        id=parameters.get("integration_id", ""),
        connector=str(find(claims, "ti.xti.connector_name")),
        token=str(token) if came else "",
        words=words,
    )


def _integration(parameters: Mapping[str, str]) -> Markup:
    wanted = parameters["integration_id"]
    known = {id_: rest for id_, *rest in INTEGRATIONS}
    name, text, state = known.get(wanted, ["Unknown integration", "There is none of this id.", ""])
    shown = _SETTINGS if parameters.get("display") == "settings" else ()
    return fill(
        "integration.html",
        id=wanted,
        name=name,
        text=text,
        state=state,
        display=parameters.get("display", "nothing"),
        settings=joined(fill("setting.html", name=each, value=value) for each, value in shown),
    )


def _tile(name: str, text: str, state: str) -> Markup:
    return fill("tile.html", name=name, text=text, state=state)
