"""Where the form that carries a token may lead."""

from falcon.asgi import Response
from falcon.testing import create_asgi_req

from app.destinations.exchange import Issued
from app.resources.handoffs import Handoffs
from tests.destinations.sample_destination import IDS, going_to


def form_action(*targets: str) -> str:
    """Return what the form's page lets the browser post to, and be sent on to."""
    destination = going_to(delivery="form", form_targets=targets)
    resp = Response()
    handoff = destination.handoff(Issued("a-token"), IDS, {})
    Handoffs(destination, ()).send(create_asgi_req(), resp, handoff)
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in str(resp.get_header("Content-Security-Policy")).split(";")
    )
    return policy["form-action"]


def test_a_form_goes_to_the_vendor_and_nowhere_else() -> None:
    assert form_action() == "https://vendor.example"


def test_a_form_may_also_be_sent_on_to_the_vendors_further_origins() -> None:
    further = ("https://acme.vendor.example", "https://vendor.example:8443")

    assert form_action(*further) == f"https://vendor.example {' '.join(further)}"
